#pragma once

#include "actors/worker/cpu_store.hpp"
#include "net/transport/checksum.hpp"
#include "net/transport/loopback_transport.hpp"
#include "tests/unit/worker/peer_fakes.hpp"
#include "tests/unit/worker/store_support.hpp"

#include <deque>

namespace kvc::test {

using hashes = std::vector<std::uint64_t>;

constexpr std::uint64_t chunk_bytes = 128;
constexpr std::uint32_t chunk_tokens = 16;

/// Returns a store in the memory of a transport.
inline cpu_store store_over(transport& x, membership_listener* listener,
                            const chunk_store::time_point& now,
                            chunk_format format = {}) {
  auto memory = arena::over(x.memory());
  REQUIRE(memory);
  return cpu_store{std::move(*memory),
                   {.listener = listener,
                    .format = std::move(format),
                    .now = [&now] { return now; }}};
}

/// Stores chunks of chunk_bytes, each filled with its own byte. Returns how
/// many are new.
inline std::size_t put(cpu_store& store, const hashes& names) {
  std::vector<new_chunk> chunks;
  for (const auto name : names)
    chunks.push_back(
      {.hash = name, .bytes = chunk_bytes, .tokens = chunk_tokens});
  auto writer = store.reserve(chunks);
  REQUIRE(writer.size() == names.size());
  fill(writer, chunks);
  return writer.commit();
}

/// Which of `names` are in the store. Fails if a byte of one is wrong.
inline hashes held(cpu_store& store, const hashes& names) {
  hashes result;
  for (const auto name : names) {
    const auto reader = store.borrow({&name, 1});
    if (reader.chunks().empty())
      continue;
    CHECK(is_filled(reader.chunks()[0].bytes, name));
    result.push_back(name);
  }
  return result;
}

/// Two workers' memories and a network between them.
struct memories {
  loopback_network network;
  std::unique_ptr<transport> ours;
  std::unique_ptr<transport> theirs;
  change_recorder log;
  chunk_store::time_point now{};
  cpu_store store;
  cpu_store source;

  /// With room for so many chunks.
  explicit memories(std::uint64_t here = 4, std::uint64_t there = 16)
      : ours(network.make_transport(here * chunk_bytes)),
        theirs(network.make_transport(there * chunk_bytes)),
        store(store_over(*ours, &log, now)),
        source(store_over(*theirs, nullptr, now)) {}

  /// What a lender would answer, in any order; those not there are left out.
  chunk_lease lease_of(const hashes& names) { return lend(source, names); }
};

/// A worker's memory, its pool, its network and the peer whose chunks it wants,
/// all of which obey the test.
struct peer_fixture : memories {
  std::deque<work_pool::job> jobs;  ///< Submitted, not done.
  peer_script script{.source = &source};
  peer_network peers;
  deterministic_system system;
  peer_actor peer = system.spawn(scripted_peer, &script);
  peer_dialer_actor dialer = system.spawn(peer_dialer, &peers);
  disk_store* disk = nullptr;  ///< Ours.
  peer_address address{{"b", 0}, 9, "there", 7, theirs->address()};

  explicit peer_fixture(std::uint64_t here = 4, std::uint64_t there = 16)
      : memories(here, there) {
    peers.links["there"] = peer;
  }

  ~peer_fixture() {
    ours->stop();
    theirs->stop();
    jobs.clear();
    peers = {};
    script.forget();
  }

  transfer_services services() {
    return {dialer,
            ours.get(),
            &store,
            disk,
            chunk_bytes / chunk_tokens,
            [this](work_pool::job x) { jobs.push_back(std::move(x)); }};
  }

  /// Does what is submitted, at most so many pieces.
  void work(std::size_t pieces = SIZE_MAX) {
    for (; pieces > 0 && !jobs.empty(); --pieces) {
      jobs.front()();
      jobs.pop_front();  // What it held is let go.
      system.run();
    }
  }

  /// Lets the pool and the network do all they can.
  void settle() {
    std::size_t steps = 0;
    do {
      work();
      steps = network.run_all();
      system.run();
    } while (steps > 0 || !jobs.empty());
  }

  void advance(std::int64_t milliseconds) {
    system.advance(std::chrono::milliseconds{milliseconds});
  }

  /// The bytes of our memory that are free or can be freed.
  std::uint64_t free_bytes() {
    const auto usage = store.usage();
    return usage.capacity_bytes - usage.used_bytes;
  }
};

}  // namespace kvc::test
