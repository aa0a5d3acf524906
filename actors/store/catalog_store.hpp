#pragma once

#include "actors/store/chunk_catalog.hpp"
#include "actors/store/chunk_store.hpp"

#include <functional>
#include <mutex>

namespace kvc {

/// A chunk_store with a chunk_catalog under a lock, and all that follows from
/// these two alone.
template <catalog_chunk Chunk>
class catalog_store : public chunk_store {
 public:
  using hash_span = std::span<const std::uint64_t>;

  /// Returns how many of `hashes` are here up to the first that is not. Does
  /// not count as a use.
  std::size_t count_prefix(hash_span hashes) const {
    const std::lock_guard guard{mutex_};
    return catalog_.count_prefix(hashes);
  }

  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const final {
    const std::lock_guard guard{mutex_};
    return catalog_.scan(cursor, max_entries);
  }

  std::vector<chunk_change> pin(hash_span hashes,
                                std::optional<time_point> until) final {
    const std::lock_guard guard{mutex_};
    catalog_.expire_pins(now_);
    return catalog_.pin(hashes, until);
  }

  std::vector<chunk_change> unpin(hash_span hashes) final {
    const std::lock_guard guard{mutex_};
    catalog_.expire_pins(now_);
    return catalog_.unpin(hashes);
  }

 protected:
  using catalog = chunk_catalog<Chunk>;

  explicit catalog_store(std::function<time_point()> now)
      : now_(std::move(now)) {}

  std::function<time_point()> now_;
  mutable std::mutex mutex_;
  catalog catalog_;  ///< Guarded by mutex_.
};

}  // namespace kvc
