#pragma once

#include <atomic>
#include <cstddef>
#include <limits>
#include <memory>
#include <string_view>

namespace kvc {

/// Collects a request's body, within a memory budget that all bodies share.
class body_buffer {
 public:
  /// Allocated behind the text, for parsers that read ahead.
  static constexpr std::size_t padding = 64;

  /// `used` counts what all buffers hold together and must outlive them.
  body_buffer(std::atomic<std::size_t>& used, std::size_t budget);

  body_buffer(const body_buffer&) = delete;
  body_buffer& operator=(const body_buffer&) = delete;
  ~body_buffer();

  /// Says how long the body claims to be; only what arrives takes memory.
  void expect(std::size_t bytes) { expected_ = bytes; }

  /// Returns false, and changes nothing, if the budget does not allow it.
  bool append(std::string_view bytes);

  std::string_view text() const { return {bytes_.get(), size_}; }

  /// Counted from text().data().
  std::size_t readable_bytes() const { return capacity_; }

 private:
  bool grow(std::size_t needed);
  void reallocate(std::size_t wanted);

  std::atomic<std::size_t>& used_;
  std::size_t budget_;
  std::size_t expected_ = std::numeric_limits<std::size_t>::max() - padding;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;   // Including the padding; counted in used_.
  std::size_t allocated_ = 0;  // Of bytes_; at least capacity_.
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): the size is dynamic.
  std::unique_ptr<char[]> bytes_;
};

}  // namespace kvc
