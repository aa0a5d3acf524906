#pragma once

#include "actors/peers/rank.hpp"
#include "tests/support/loopback_transport.hpp"
#include "tests/support/peer_fakes.hpp"
#include "tests/support/store_support.hpp"

#include <deque>

namespace kvc::test {

using hashes = std::vector<std::uint64_t>;

constexpr std::uint64_t chunk_bytes = 128;
constexpr std::uint32_t chunk_tokens = 16;

/// Returns a store in the memory of a transport.
cpu_store store_over(transport& x, membership_listener* listener,
                     const chunk_store::time_point& now,
                     chunk_format format = {});

/// Stores chunks of chunk_bytes, each filled with its own byte. Returns how
/// many are new.
std::size_t put(cpu_store& store, const hashes& names);

/// Which of `names` are in the store. Fails if a byte of one is wrong.
hashes held(cpu_store& store, const hashes& names);

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
  explicit memories(std::uint64_t here = 4, std::uint64_t there = 16);

  /// What a lender would answer, in any order; those not there are left out.
  chunk_lease lease_of(const hashes& names) { return lend(source, names); }
};

/// A worker's memory, its pool, its network and the peer whose chunks it wants,
/// all of which obey the test.
struct peer_fixture : memories {
  std::deque<work_pool::job> jobs;  ///< Submitted, not done.
  peer_script script{.source = &source};
  peer_network peers;
  rank here;  ///< Ours.
  deterministic_system system;
  peer_actor peer = spawn_peer(system, &script);
  peer_dialer_actor dialer = spawn_peer_dialer(system, &peers);
  peer_address address{{"b", 0}, 9, "there", 7, theirs->address()};

  explicit peer_fixture(std::uint64_t ours_chunks = 4,
                        std::uint64_t theirs_chunks = 16);
  ~peer_fixture();

  /// Has a rank use our pool, our network and this memory of its own.
  void set_up(rank& of, transport& reads, cpu_store& memory);

  /// Does what is submitted, at most so many pieces.
  void work(std::size_t pieces = SIZE_MAX);

  /// Lets the pool and the network do all they can.
  void settle();

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
