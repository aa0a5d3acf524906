#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvc {

/// Orders small indexes, which mean something to the caller only, by their last
/// use. Not thread-safe.
class lru {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// Adds `index`, which must not be listed, as the one used most recently.
  void add_newest(std::uint32_t index);

  /// Takes out `index`, which must be listed.
  void remove(std::uint32_t index);

  /// Returns the index unused for longest; `none` if the list is empty.
  std::uint32_t oldest() const { return oldest_; }

  /// Returns the index used next after `index`, which must be listed; `none` if
  /// that is the newest.
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
