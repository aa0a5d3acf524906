#pragma once

#include <cstdint>

namespace kvc {

/// Counts the memory that an index takes from the system, against a limit.
class memory_budget {
 public:
  /// 0 means no limit.
  explicit memory_budget(std::uint64_t limit_bytes) : limit_(limit_bytes) {}

  /// Takes `bytes`, unless that would exceed an enforced limit.
  bool take(std::uint64_t bytes) {
    if (is_enforced_ && !has_room(bytes))
      return false;
    used_ += bytes;
    return true;
  }

  bool has_room(std::uint64_t bytes) const {
    return limit_ == 0 || used_ + bytes <= limit_;
  }

  /// What must not fail, like an eviction, may exceed the limit.
  void enforce(bool is_enforced) { is_enforced_ = is_enforced; }

  std::uint64_t used() const { return used_; }

 private:
  const std::uint64_t limit_;
  std::uint64_t used_ = 0;
  bool is_enforced_ = false;
};

}  // namespace kvc
