#pragma once

#include "net/http/body_memory.hpp"

#include <atomic>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

namespace kvc {

/// Collects the body of one request. All bodies share a memory budget, but
/// small ones always have room: whoever holds large ones cannot lock them out.
class body_buffer {
 public:
  /// How long a small body is. The number of connections bounds what they take.
  static constexpr std::size_t small_bytes = std::size_t{64} << 10U;

  /// `used` is the number of bytes that the buffers of large bodies hold; it
  /// must outlive them.
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

  std::string_view text() const { return {memory_.data(), size_}; }

 private:
  bool grow(std::size_t needed);
  bool take_spare(std::size_t wanted);
  bool take_of_budget(std::size_t wanted);

  std::atomic<std::size_t>& used_;
  std::size_t budget_;
  std::size_t expected_ = std::numeric_limits<std::size_t>::max();
  std::size_t size_ = 0;
  std::size_t counted_ = 0;  // In used_: the size of memory_ if not small.
  body_memory memory_;
};

}  // namespace kvc
