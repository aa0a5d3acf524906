#pragma once

#include <cstdint>

namespace kvc {

/// Counts the memory that an index takes from the system, and knows its limit.
class memory_budget {
 public:
  /// 0 means no limit.
  explicit memory_budget(std::uint64_t limit_bytes) : limit_(limit_bytes) {}

  /// Counts `bytes` as taken, unless that would exceed an enforced limit: then
  /// returns false.
  bool take(std::uint64_t bytes) {
    if (is_enforced_ && !has_room(bytes))
      return false;
    used_ += bytes;
    return true;
  }

  bool has_room(std::uint64_t bytes) const {
    return limit_ == 0 || used_ + bytes <= limit_;
  }

  /// From now on take() respects the limit, or not: an eviction must not fail
  /// for it.
  void enforce(bool is_enforced) { is_enforced_ = is_enforced; }

  std::uint64_t used() const { return used_; }

 private:
  const std::uint64_t limit_;
  std::uint64_t used_ = 0;
  bool is_enforced_ = false;
};

}  // namespace kvc
