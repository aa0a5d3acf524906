#pragma once

#include "actors/store/chunk_access.hpp"

#include <caf/actor_addr.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

namespace kvc {

/// What is lent to one peer: chunks that stay as they are until this ends.
struct lent_chunks {
  std::vector<chunk_reader> readers{};
  std::vector<chunk_writer> copies{};  ///< In memory, of chunks on disk.
};

/// What a rank has lent to whom, and until when. Not thread-safe.
class lease_book {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Notes a lease; returns its number, never 0.
  std::uint64_t add(lent_chunks chunks, caf::actor_addr borrower,
                    time_point until);

  /// Prolongs or shortens a lease. Returns whether there is one.
  bool renew(std::uint64_t id, time_point until);

  /// Ends a lease, if there is one.
  void end(std::uint64_t id) { leases_.erase(id); }

  /// Ends all leases of a borrower.
  void end_all_of(const caf::actor_addr& borrower);

  /// Returns whether `borrower` has a lease.
  bool has_borrower(const caf::actor_addr& borrower) const;

  /// Ends the leases whose time is over; returns how many.
  std::size_t expire(time_point now);

  std::size_t size() const { return leases_.size(); }

  /// Returns how many copies of chunks on disk are lent.
  std::size_t copies() const;

 private:
  struct lease {
    lent_chunks chunks;
    caf::actor_addr borrower;
    time_point until;
  };

  std::map<std::uint64_t, lease> leases_;
  std::uint64_t last_id_ = 0;
};

}  // namespace kvc
