#pragma once

#include <cstdint>
#include <utility>

namespace kvc {

class disk_store;

/// Keeps a chunk of a disk_store from being evicted and cleared. The chunk can
/// still be recoded, and is lost if it turns out to be damaged. It counts as
/// used when its last hold ends. The store must outlive its holds.
class disk_hold {
 public:
  disk_hold(disk_hold&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        place_(other.place_),
        admission_(other.admission_) {}
  disk_hold& operator=(disk_hold&&) = delete;
  ~disk_hold();

 private:
  friend class disk_store;

  disk_hold(disk_store* store, std::uint32_t place, std::uint32_t admission)
      : store_(store), place_(place), admission_(admission) {}

  disk_store* store_;
  std::uint32_t place_;
  std::uint32_t admission_;  ///< Another one once the chunk was lost.
};

}  // namespace kvc
