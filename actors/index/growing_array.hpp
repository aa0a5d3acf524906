#pragma once

#include "actors/index/memory_budget.hpp"
#include "actors/index/atomic_words.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <vector>

namespace kvc {

/// An array that one thread extends while others read it. What it leaves when
/// it grows stays readable, as it was, while the object lives.
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

  /// The elements as readers see them: those that were there when the number
  /// of one of them was learnt. They change by `store_release` only.
  const Element* read() const { return load_acquire(elements_); }

  /// For the writer.
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
  std::vector<std::vector<Element>> all_;
};

}  // namespace kvc
