#pragma once

#include <cstddef>

namespace kvc {

/// Memory that grows. From large_bytes on it has pages of its own: they move
/// instead of being copied, and go back to the system at once.
class body_memory {
 public:
  static constexpr std::size_t large_bytes = std::size_t{2} << 20U;

  body_memory() = default;
  body_memory(body_memory&& other) noexcept;
  body_memory& operator=(body_memory&& other) noexcept;
  ~body_memory();

  char* data() const { return data_; }
  std::size_t size() const { return size_; }

  /// Makes it larger and keeps the first `used` bytes. Returns false if the
  /// system has no more.
  bool grow(std::size_t wanted, std::size_t used);

 private:
  bool map(std::size_t wanted, std::size_t used);
  bool is_mapped() const { return size_ >= large_bytes; }

  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace kvc
