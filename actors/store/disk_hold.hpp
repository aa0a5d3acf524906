#pragma once

#include <cstdint>
#include <utility>

namespace kvc {

class disk_store;

/// Keeps a chunk of a disk_store, which must outlive it, from being evicted and
/// cleared; not from being recoded, nor from being lost when it turns out to be
/// damaged. The chunk counts as used when its last hold ends.
class disk_hold {
 public:
  disk_hold(disk_hold&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        hash_(other.hash_),
        admission_(other.admission_) {}
  disk_hold& operator=(disk_hold&&) = delete;
  ~disk_hold();

 private:
  friend class disk_store;

  disk_hold(disk_store* store, std::uint64_t hash, std::uint64_t admission)
      : store_(store), hash_(hash), admission_(admission) {}

  disk_store* store_;
  std::uint64_t hash_;
  std::uint64_t admission_;
};

}  // namespace kvc
