#include "apps/bench/clocks.hpp"
#include "apps/bench/parts.hpp"
#include "apps/bench/statistics.hpp"
#include "apps/bench/transfer/plain_socket.hpp"
#include "apps/bench/transfer/transfer_peer.hpp"
#include "messages/errors.hpp"
#include "net/transport/checksum.hpp"
#include "net/transport/transport_module.hpp"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <future>
#include <thread>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::uint64_t memory_bytes = std::uint64_t{256} << 20U;
constexpr std::uint64_t kibi = std::uint64_t{1} << 10U;

constexpr auto chunk_sizes = std::to_array<std::uint64_t>(
  {64 * kibi, 256 * kibi, 1'024 * kibi, 4'096 * kibi, 32'768 * kibi});

/// How a way of copying did; medians.
struct transfer_figure {
  std::string way;
  double gb = 0;              ///< GB per second.
  double share = 0;           ///< Of memcpy's speed, or of the plain socket's.
  double cpu_per_gb = 0;      ///< CPU seconds of all processes per GB.
  double first_chunk_us = 0;  ///< To read one chunk alone; 0 if not measured.
};

/// All ways, side by side, for one size of chunks.
struct transfer_round {
  std::uint64_t chunk_bytes = 0;
  std::vector<transfer_figure> figures;
};

struct transfer_report {
  std::vector<transfer_round> rounds;
  double idle_cpu = 0;  ///< Of a core, of a reader with connected peers.
};

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>{clock::now() - begin}.count();
}

struct range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Everything that takes part.
struct scene {
  std::vector<transfer_peer> peers;
  std::unique_ptr<transport> shared;  ///< Ours, that maps.
  std::unique_ptr<transport> tcp;     ///< Ours, that does not.
  std::unique_ptr<transport> source;  ///< Ours, for memcpy.
  std::vector<std::uint64_t> checksums;
  std::uint64_t chunk_bytes = 0;

  double cpu_seconds() const {
    auto result = process_cpu_seconds(getpid());
    for (const auto& x : peers)
      result += x.cpu_seconds();
    return result;
  }

  std::vector<remote_span> spans(range part, bool is_verified) const {
    std::vector<remote_span> result;
    for (auto at = part.begin; at < part.end; at += chunk_bytes) {
      remote_span x{at, at, chunk_bytes};
      if (is_verified)
        x.checksum = checksums[at / chunk_bytes];
      result.push_back(x);
    }
    return result;
  }
};

std::future<bool> start_read(transport& reader,
                             std::shared_ptr<const std::string> peer,
                             std::vector<remote_span> spans) {
  auto promise = std::make_shared<std::promise<bool>>();
  auto result = promise->get_future();
  reader.read(
    {.peer = std::move(peer),
     .spans = std::move(spans),
     .soft_timeout = std::chrono::seconds{30},
     .hard_timeout = std::chrono::seconds{30},
     .on_done =
       [promise](const read_result& x) {
         promise->set_value(
           x.status == read_status::done &&
           std::count(x.spans.begin(), x.spans.end(), span_outcome::copied) ==
             static_cast<std::ptrdiff_t>(x.spans.size()));
       },
     .on_drained = {}});
  return result;
}

using address_of =
  const std::shared_ptr<const std::string>& (transfer_peer::*)() const;

/// Reads `total` bytes, an equal part from each of the first `peers`.
bool read_all(const scene& x, transport& reader, address_of address,
              std::size_t peers, bool is_verified) {
  std::vector<std::future<bool>> reads;
  const auto part = memory_bytes / peers;
  for (std::size_t i = 0; i < peers; ++i)
    reads.push_back(
      start_read(reader, (x.peers[i].*address)(),
                 x.spans({i * part, (i + 1) * part}, is_verified)));
  return std::all_of(reads.begin(), reads.end(),
                     [](auto& read) { return read.get(); });
}

bool copy_all(const scene& x) {
  for (std::uint64_t at = 0; at < memory_bytes; at += x.chunk_bytes)
    std::memcpy(x.shared->memory().data() + at, x.source->memory().data() + at,
                x.chunk_bytes);
  return true;
}

bool plain_read_all(const scene& x, const file_descriptor& connection) {
  std::vector<plain_piece> pieces;
  for (std::uint64_t at = 0; at < memory_bytes; at += x.chunk_bytes)
    pieces.push_back({at, x.chunk_bytes});
  return plain_read(connection, pieces, x.tcp->memory());
}

/// A way of copying everything and, maybe, a single chunk.
struct way {
  std::string name;
  transport* reader = nullptr;  ///< Whose memory it fills.
  std::function<bool()> run;
  std::function<bool()> run_first;
  bool is_base = false;  ///< The following ways are compared with it.
};

struct series {
  std::vector<double> gb;
  std::vector<double> cpu_per_gb;
  std::vector<double> first_us;
};

/// Returns how many times as fast as the base each repetition was.
std::vector<double> shares(const series& x, const series& base) {
  std::vector<double> result;
  for (std::size_t i = 0; i < x.gb.size(); ++i)
    result.push_back(x.gb[i] / base.gb[i]);
  return result;
}

bool is_right(const scene& x, const transport& reader) {
  return std::memcmp(reader.memory().data(), x.source->memory().data(),
                     memory_bytes) == 0;
}

std::vector<way> ways_of(const scene& x, const file_descriptor& plain) {
  const auto read = [&x](transport& reader, address_of address,
                         std::size_t peers, bool is_verified) {
    return [&x, &reader, address, peers, is_verified] {
      return read_all(x, reader, address, peers, is_verified);
    };
  };
  const auto first = [&x](transport& reader, address_of address) {
    return [&x, &reader, address] {
      return start_read(reader, (x.peers[0].*address)(),
                        x.spans({0, x.chunk_bytes}, true))
        .get();
    };
  };
  auto& shared = *x.shared;
  auto& tcp = *x.tcp;
  const auto of_shared = &transfer_peer::shared;
  const auto of_tcp = &transfer_peer::tcp;
  return {
    {"memcpy", &shared, [&x] { return copy_all(x); }, {}, true},
    {"mapped", &shared, read(shared, of_shared, 1, false),
     first(shared, of_shared)},
    {"mapped, verified", &shared, read(shared, of_shared, 1, true), {}},
    {"mapped, verified, 2 peers",
     &shared,
     read(shared, of_shared, 2, true),
     {}},
    {"plain socket", &tcp, [&] { return plain_read_all(x, plain); }, {}, true},
    {"tcp", &tcp, read(tcp, of_tcp, 1, false), first(tcp, of_tcp)},
    {"tcp, verified", &tcp, read(tcp, of_tcp, 1, true), {}},
    {"tcp, verified, 2 peers", &tcp, read(tcp, of_tcp, 2, true), {}},
  };
}

caf::expected<void> run_once(const scene& x, const way& w, series& out) {
  std::memset(w.reader->memory().data(), 0, memory_bytes);
  const auto cpu = x.cpu_seconds();
  const auto begin = clock::now();
  const auto is_done = w.run();
  const auto gb = static_cast<double>(memory_bytes) / 1e9;
  out.gb.push_back(gb / seconds_since(begin));
  out.cpu_per_gb.push_back((x.cpu_seconds() - cpu) / gb);
  if (!is_done || !is_right(x, *w.reader))
    return caf::make_error(errc::invalid_request, w.name + ": wrong bytes");
  if (!w.run_first)
    return caf::unit;
  const auto first = clock::now();
  if (!w.run_first())
    return caf::make_error(errc::invalid_request, w.name + ": no first chunk");
  out.first_us.push_back(seconds_since(first) * 1e6);
  return caf::unit;
}

caf::expected<transfer_round> run_round(scene& x, std::uint64_t chunk_bytes,
                                        std::size_t repetitions) {
  x.chunk_bytes = chunk_bytes;
  x.checksums.clear();
  for (std::uint64_t at = 0; at < memory_bytes; at += chunk_bytes)
    x.checksums.push_back(
      checksum_of(x.source->memory().subspan(at, chunk_bytes)));
  const auto plain = plain_connect(x.peers[0].socket_port());
  const auto ways = ways_of(x, plain);
  std::vector<series> all(ways.size());
  for (std::size_t i = 0; i <= repetitions; ++i)
    for (std::size_t k = 0; k < ways.size(); ++k) {
      series warm_up;
      auto& out = i == 0 ? warm_up : all[k];
      if (auto done = run_once(x, ways[k], out); !done)
        return done.error();
    }
  transfer_round result{chunk_bytes, {}};
  std::size_t base = 0;
  for (std::size_t k = 0; k < ways.size(); ++k) {
    base = ways[k].is_base ? k : base;
    result.figures.push_back(
      {ways[k].name, median(all[k].gb), median(shares(all[k], all[base])),
       median(all[k].cpu_per_gb),
       all[k].first_us.empty() ? 0 : median(all[k].first_us)});
  }
  return result;
}

caf::expected<std::unique_ptr<transport>> open_reader(bool is_shared) {
  auto opened = open_transport(
    {.memory_bytes = memory_bytes, .allow_shared_memory = is_shared});
  if (!opened.value)
    return caf::make_error(errc::unreachable, opened.error);
  fill_transfer_memory(opened.value->memory().data(), memory_bytes);
  return std::move(opened.value);
}

caf::expected<scene> set_scene() {
  scene result;
  for (int i = 0; i < 2; ++i) {
    auto peer = transfer_peer::start(memory_bytes);
    if (!peer)
      return std::move(peer.error());
    result.peers.push_back(std::move(*peer));
  }
  for (auto [place, is_shared] :
       {std::pair{&result.shared, true}, std::pair{&result.tcp, false},
        std::pair{&result.source, true}}) {
    auto reader = open_reader(is_shared);
    if (!reader)
      return std::move(reader.error());
    *place = std::move(*reader);
  }
  return result;
}

/// Of each of our three transports.
double measure_idle_cpu() {
  const auto cpu = process_cpu_seconds(getpid());
  const auto begin = clock::now();
  std::this_thread::sleep_for(std::chrono::seconds{3});
  return (process_cpu_seconds(getpid()) - cpu) / seconds_since(begin) / 3;
}

/// Reads chunks of 64 KiB to 32 MiB from other processes, from one and from
/// two, over shared memory, UCX over TCP and a plain socket, with and without
/// verification, and compares with memcpy of as many bytes; `repetitions` times
/// in turn. Every byte is checked. Fails with unreachable or invalid_request.
caf::expected<transfer_report> measure_transfer(std::size_t repetitions) {
  auto x = set_scene();
  if (!x)
    return std::move(x.error());
  transfer_report result;
  for (const auto size : chunk_sizes) {
    auto round = run_round(*x, size, repetitions);
    if (!round)
      return std::move(round.error());
    result.rounds.push_back(std::move(*round));
  }
  result.idle_cpu = measure_idle_cpu();
  return result;
}

void report(const bench_options& options, const transfer_round& round) {
  print(fmt::format("  {:>6} KiB  {:<26}  {:>6}  {:>8}  {:>8}  {:>11}",
                    round.chunk_bytes / 1'024, "way", "GB/s", "x base",
                    "CPU s/GB", "first chunk"));
  for (const auto& x : round.figures) {
    print(fmt::format(
      "  {:>10}  {:<26}  {:>6.2f}  {:>8.2f}  {:>8.3f}  {:>11}", "", x.way, x.gb,
      x.share, x.cpu_per_gb,
      x.first_chunk_us > 0 ? fmt::format("{:.0f} us", x.first_chunk_us) : "-"));
    options.figures->add({{"part", "transfer"},
                          {"chunk_bytes", round.chunk_bytes},
                          {"way", x.way},
                          {"gb", x.gb},
                          {"share_of_base", x.share},
                          {"cpu_per_gb", x.cpu_per_gb},
                          {"first_chunk_us", x.first_chunk_us}});
  }
}

}  // namespace

caf::expected<void> transfer_part(const bench_options& options) {
  print(
    "\nTransfers of 256 MiB between processes, against memcpy and against a "
    "plain socket:");
  const auto measured = measure_transfer(options.repetitions);
  if (!measured)
    return measured.error();
  for (const auto& round : measured->rounds)
    report(options, round);
  print(fmt::format("  an idle transport: {:.3f} % of a core",
                    measured->idle_cpu * 100));
  return caf::unit;
}

}  // namespace kvc
