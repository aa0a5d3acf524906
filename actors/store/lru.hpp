#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvc {

/// Orders things by their last use. They are named by small indexes of the
/// caller's. Not thread-safe.
class lru {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// Adds `index`, which must not be listed, as the one used last.
  void add_newest(std::uint32_t index);

  /// Takes out `index`, which must be listed.
  void remove(std::uint32_t index);

  /// The one whose last use is longest ago; `none` if there is none.
  std::uint32_t oldest() const { return oldest_; }

  /// The one used next after `index`, which must be listed; `none` if there is
  /// none.
  std::uint32_t newer(std::uint32_t index) const { return links_[index].newer; }

  std::size_t size() const { return size_; }

 private:
  struct link {
    std::uint32_t newer = none;
    std::uint32_t older = none;
  };

  std::vector<link> links_;
  std::uint32_t newest_ = none;
  std::uint32_t oldest_ = none;
  std::size_t size_ = 0;
};

}  // namespace kvc
