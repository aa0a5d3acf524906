#pragma once

#include "actors/index/atomic_words.hpp"
#include "actors/index/memory_budget.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace kvc {

/// An array that one thread extends while other threads read it. When it moves
/// to larger memory, the old memory stays readable until the array is
/// destroyed.
template <class Element>
class growing_array {
  static_assert(std::is_trivially_copyable_v<Element>);

 public:
  explicit growing_array(memory_budget& budget) : budget_(budget) {}

  /// Adds an element. Returns false if it would exceed the budget.
  bool push_back(const Element& element) {
    if (size_ == capacity_ && !grow())
      return false;
    elements_[size_] = element;
    ++size_;
    return true;
  }

  /// Returns the elements, for any thread. Whoever learnt the number of an
  /// element from the writer finds it here. The writer changes elements that
  /// others may read by `store_release` only.
  const Element* read() const { return load_acquire(elements_); }

  // For the writer alone.
  Element& operator[](std::size_t i) { return elements_[i]; }
  const Element& operator[](std::size_t i) const { return elements_[i]; }
  std::size_t size() const { return size_; }

 private:
  bool grow() {
    const auto larger = std::max<std::size_t>(16, 2 * capacity_);
    // Elements may be pointers. NOLINTNEXTLINE(bugprone-sizeof-expression)
    if (!budget_.take(larger * sizeof(Element)))
      return false;
    std::vector<Element> memory(larger);
    std::copy_n(elements_, size_, memory.data());
    store_release(elements_, memory.data());
    capacity_ = larger;
    all_.push_back(std::move(memory));
    return true;
  }

  memory_budget& budget_;
  Element* elements_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::vector<std::vector<Element>> all_;  ///< Old memory and the current one.
};

}  // namespace kvc
