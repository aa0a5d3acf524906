#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

namespace kvc {

/// Collects the body of one request. All bodies share a memory budget.
class body_buffer {
 public:
  /// `used` is the number of bytes that all buffers hold; it must outlive them.
  body_buffer(std::atomic<std::size_t>& used, std::size_t budget);

  body_buffer(const body_buffer&) = delete;
  body_buffer& operator=(const body_buffer&) = delete;
  ~body_buffer();

  /// Says how long the body claims to be; only what arrives takes memory.
  void expect(std::size_t bytes) { expected_ = bytes; }

  /// Adds bytes. Returns false, and adds none, if the budget is used up.
  bool append(std::string_view bytes);

  /// Returns room for the next bytes, after growing if there is none left.
  /// Empty if the budget is used up.
  std::span<char> room();

  /// Adds `count` bytes that the caller has written to the front of room().
  void commit(std::size_t count) { size_ += count; }

  std::string_view text() const { return {bytes_.get(), size_}; }

 private:
  bool grow(std::size_t needed);
  void reallocate(std::size_t wanted);

  std::atomic<std::size_t>& used_;
  std::size_t budget_;
  std::size_t expected_ = std::numeric_limits<std::size_t>::max();
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;   // Counted in used_.
  std::size_t allocated_ = 0;  // Size of bytes_; at least capacity_.
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): the size is dynamic.
  std::unique_ptr<char[]> bytes_;
};

}  // namespace kvc
