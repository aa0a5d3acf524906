#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace kvc {

/// Returns the XXH3-64 of the bytes.
std::uint64_t checksum_of(std::span<const std::byte> bytes);

/// Copies the bytes to the beginning of `to`, which must be long enough and not
/// overlap with them, and returns their checksum_of. Faster than to do one
/// after the other, unless the bytes are in the processor's caches.
std::uint64_t copy_with_checksum(std::span<std::byte> to,
                                 std::span<const std::byte> from);

/// Computes the checksum_of of bytes that come piece by piece.
class running_checksum {
 public:
  running_checksum();
  running_checksum(running_checksum&& other) noexcept;
  running_checksum& operator=(running_checksum&& other) noexcept;
  ~running_checksum();

  /// Begins again without bytes.
  void reset();

  /// Appends the bytes `from`, and copies them to the beginning of `to`.
  void copy(std::span<std::byte> to, std::span<const std::byte> from);

  /// Returns the checksum of the bytes so far.
  std::uint64_t value() const;

 private:
  struct state;

  std::unique_ptr<state> state_;
};

}  // namespace kvc
