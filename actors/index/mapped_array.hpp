#pragma once

#include <sys/mman.h>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace kvc {

/// A fixed number of elements in pages of their own, huge ones where the system
/// grants them. All bytes are zero at first. A page takes memory when it is
/// first touched.
template <class Element>
class mapped_array {
  static_assert(std::is_trivially_copyable_v<Element> &&
                std::is_trivially_destructible_v<Element>);

 public:
  /// Throws std::bad_alloc. `size` must be positive.
  explicit mapped_array(std::size_t size) : size_(size) {
    auto* memory = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
      throw std::bad_alloc{};
    madvise(memory, bytes(), MADV_HUGEPAGE);
    elements_ = static_cast<Element*>(memory);
  }

  mapped_array(mapped_array&& other) noexcept
      : elements_(std::exchange(other.elements_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  mapped_array& operator=(mapped_array&&) = delete;

  ~mapped_array() {
    if (elements_ != nullptr)
      munmap(elements_, bytes());
  }

  std::size_t size() const { return size_; }
  Element& operator[](std::size_t i) { return elements_[i]; }
  const Element& operator[](std::size_t i) const { return elements_[i]; }

 private:
  std::size_t bytes() const { return size_ * sizeof(Element); }

  Element* elements_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace kvc
