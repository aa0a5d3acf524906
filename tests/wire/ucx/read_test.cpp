#include "tests/support/ipv6.hpp"
#include "tests/wire/ucx/peer_process.hpp"
#include "tests/wire/ucx/ucx_fixture.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>

#include <array>
#include <random>

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint64_t seed = 1;
constexpr std::uint64_t bytes = 16 * mega;

/// Two transports of this process.
struct pair {
  explicit pair(bool is_shared, const std::string& host = "127.0.0.1")
      : owner(open({.memory_bytes = bytes,
                    .host = host,
                    .allow_shared_memory = is_shared})),
        reader(open({.memory_bytes = bytes,
                     .host = host,
                     .allow_shared_memory = is_shared})),
        peer(address_of(*owner)) {
    fill(owner->memory(), seed);
  }

  started_read read(std::vector<remote_span> spans) {
    return start(*reader, peer, std::move(spans));
  }

  std::unique_ptr<transport> owner;
  std::unique_ptr<transport> reader;
  std::shared_ptr<const std::string> peer;
};

/// Returns an IPv6 address of this machine that others may reach, or "".
std::string global_ipv6_address() {
  ifaddrs* all = nullptr;
  REQUIRE(::getifaddrs(&all) == 0);
  std::string result;
  for (const auto* x = all; x != nullptr && result.empty(); x = x->ifa_next) {
    if (x->ifa_addr == nullptr || x->ifa_addr->sa_family != AF_INET6)
      continue;
    const auto& address =
      reinterpret_cast<const sockaddr_in6*>(x->ifa_addr)->sin6_addr;
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (!IN6_IS_ADDR_LOOPBACK(&address) && !IN6_IS_ADDR_LINKLOCAL(&address))
      result = ::inet_ntop(AF_INET6, &address, text.data(), text.size());
  }
  ::freeifaddrs(all);
  return result;
}

/// Changes one bit.
void flip(std::string& x, std::size_t bit) {
  x[bit / 8] =
    static_cast<char>(static_cast<unsigned char>(x[bit / 8]) ^ 1U << bit % 8);
}

}  // namespace

TEST_SUITE("ucx_transport") {
  TEST_CASE("copies between hosts of IPv6") {
    std::vector<std::string> hosts;
    if (has_ipv6_loopback())
      hosts = {"::1", "::"};
    if (const auto host = global_ipv6_address(); !host.empty())
      hosts.push_back(host);
    else
      MESSAGE("skipped: this machine has no IPv6 address for others");
    for (const auto& host : hosts) {
      CAPTURE(host);
      pair both{false, host};
      const auto spans = reversed_spans(bytes, mega);
      const auto result = both.read(spans).result();
      CHECK(result.status == read_status::done);
      CHECK(result.bytes == bytes);
      CHECK(are_copied(*both.reader, seed, spans));
    }
  }

  TEST_CASE("copies every byte") {
    for (const auto is_shared : {true, false}) {
      CAPTURE(is_shared);
      pair both{is_shared};
      for (const auto length : {bytes, 4 * mega, mega, mega / 16}) {
        CAPTURE(length);
        std::fill(both.reader->memory().begin(), both.reader->memory().end(),
                  std::byte{0});
        auto spans = reversed_spans(bytes, length);
        add_checksums(spans, seed, bytes);
        const auto read = both.read(spans);
        const auto result = read.result();
        CHECK(result.status == read_status::done);
        CHECK(result.bytes == bytes);
        CHECK(std::count(result.spans.begin(), result.spans.end(),
                         span_outcome::copied) ==
              static_cast<std::ptrdiff_t>(spans.size()));
        CHECK(are_copied(*both.reader, seed, spans));
        CHECK(read.out->drains());
        CHECK(read.out->mistakes() == 0);
      }
    }
  }

  TEST_CASE(
    "copies between a process that shares memory and one that does not") {
    for (const auto is_shared : {true, false}) {
      const peer_process owner{bytes, 7, is_shared};
      const auto reader =
        open({.memory_bytes = bytes, .allow_shared_memory = !is_shared});
      const auto spans = reversed_spans(bytes, mega);
      CHECK(start(*reader, owner.address(), spans).status() ==
            read_status::done);
      CHECK(are_copied(*reader, 7, spans));
    }
  }

  TEST_CASE("copies odd pieces from several processes at once") {
    for (const auto is_shared : {true, false}) {
      const peer_process first{bytes, 1, is_shared};
      const peer_process second{bytes, 2, is_shared};
      const auto reader =
        open({.memory_bytes = 64 * mega, .allow_shared_memory = is_shared});
      std::vector<started_read> reads;
      std::vector<std::vector<remote_span>> asked;
      std::mt19937_64 random{5};
      for (std::uint64_t i = 0; i < 64; ++i) {
        const auto end = (i + 1) * mega;
        std::vector<remote_span> spans;
        for (auto at = i * mega; at < end;) {
          const auto length = std::min(end - at, 1 + random() % 300'000);
          spans.push_back({random() % (bytes - length), at, length});
          at += length;
        }
        asked.push_back(spans);
        reads.push_back(start(
          *reader, i % 2 == 0 ? first.address() : second.address(), spans));
      }
      for (std::size_t i = 0; i < reads.size(); ++i) {
        CHECK(reads[i].status() == read_status::done);
        CHECK(are_copied(*reader, 1 + i % 2, asked[i]));
        CHECK(reads[i].out->drains());
        CHECK(reads[i].out->mistakes() == 0);
      }
    }
  }

  TEST_CASE("copies in both directions at once") {
    for (const auto is_shared : {true, false}) {
      pair both{is_shared};
      fill(both.reader->memory().first(bytes / 2), 2);
      const auto back = address_of(*both.reader);
      for (int i = 0; i < 20; ++i) {
        const std::vector<remote_span> there{{0, bytes / 2, bytes / 2}};
        const auto one = both.read(there);
        const auto other = start(*both.owner, back, there);
        CHECK(one.status() == read_status::done);
        CHECK(other.status() == read_status::done);
        CHECK(are_copied(*both.reader, seed, there));
        CHECK(are_copied(*both.owner, 2, there));
      }
    }
  }

  TEST_CASE("finds bytes that are not the promised ones") {
    for (const auto is_shared : {true, false}) {
      pair both{is_shared};
      auto spans = reversed_spans(bytes, 4 * mega);
      add_checksums(spans, seed, bytes);
      both.owner->memory()[5 * mega] ^= std::byte{1};
      const auto result = both.read(spans).result();
      CHECK(result.status == read_status::done);
      CHECK(result.spans ==
            std::vector{span_outcome::copied, span_outcome::corrupt,
                        span_outcome::copied, span_outcome::copied});
      CHECK(result.bytes == bytes - 4 * mega);
    }
  }

  TEST_CASE("refuses spans outside of either memory") {
    for (const auto is_shared : {true, false}) {
      pair both{is_shared};
      for (const auto& bad : std::vector<remote_span>{{bytes, 0, 1},
                                                      {0, bytes, 1},
                                                      {1, 0, bytes},
                                                      {0, 1, bytes},
                                                      {~0ULL, 0, 2},
                                                      {0, ~0ULL, 2},
                                                      {0, 0, 0}}) {
        const auto read = both.read({{0, 0, mega}, bad});
        CHECK(read.status() == read_status::out_of_bounds);
        CHECK(read.result().bytes == 0);
        CHECK(read.out->drains());
        CHECK(both.reader->memory()[0] == std::byte{0});
      }
    }
  }

  TEST_CASE("ends a read of nothing at once") {
    pair both{false};
    const auto read = both.read({});
    CHECK(read.status() == read_status::done);
    CHECK(read.out->drains());
  }

  TEST_CASE("does not read from itself") {
    pair both{true};
    const auto read = start(*both.owner, both.peer, {{0, mega, mega}});
    CHECK(read.status() == read_status::bad_address);
  }

  TEST_CASE("knows damaged addresses") {
    pair both{true};
    std::mt19937_64 random{3};
    for (int i = 0; i < 300; ++i) {
      auto damaged = *both.peer;
      if (i % 3 == 0)
        damaged.resize(random() % damaged.size());
      else
        flip(damaged, random() % (8 * damaged.size()));
      const auto read = start(
        *both.reader, std::make_shared<std::string>(damaged), {{0, 0, mega}});
      CHECK(read.status() == read_status::bad_address);
      CHECK(read.out->drains());
    }
    CHECK(start(*both.reader, nullptr, {{0, 0, 1}}).status() ==
          read_status::bad_address);
  }

  TEST_CASE("cancels a read") {
    for (const auto is_shared : {true, false}) {
      pair both{is_shared};
      std::vector<remote_span> spans(2'000, {0, 0, bytes});
      const auto read = both.read(spans);
      const auto other = both.read({{0, 0, mega}});
      CHECK(other.status() == read_status::done);
      both.reader->cancel(read.id);
      both.reader->cancel(read.id);
      CHECK(read.status() == read_status::cancelled);
      CHECK(read.out->drains());
      CHECK(both.read({{0, 0, mega}}).status() == read_status::done);
      CHECK(read.out->mistakes() == 0);
    }
  }

  TEST_CASE("ends everything when it stops") {
    for (const auto is_shared : {true, false}) {
      pair both{is_shared};
      std::vector<remote_span> spans(2'000, {0, 0, bytes});
      const auto first = both.read(spans);
      const auto second = both.read(spans);
      both.read({{0, 0, mega}}).result();
      const auto begin = std::chrono::steady_clock::now();
      both.reader->stop();
      CHECK(std::chrono::steady_clock::now() - begin < 2s);
      for (const auto& read : {first, second}) {
        CHECK(read.status() == read_status::cancelled);
        CHECK(read.out->drains());
        CHECK(read.out->mistakes() == 0);
      }
      const auto late = both.read(spans);
      CHECK(late.status() == read_status::cancelled);
      CHECK(late.out->drains());
      both.reader->stop();
      CHECK(both.reader->memory().size() == bytes);
    }
  }
}
