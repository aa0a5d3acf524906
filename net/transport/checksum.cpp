#include "net/transport/checksum.hpp"

// Debian's library is three times slower than what the compiler makes of it.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace kvc {

namespace {

/// So much that the second pass finds it in the second-level cache.
constexpr std::size_t slice_bytes = std::size_t{128} << 10U;

}  // namespace

struct running_checksum::state {
  XXH3_state_t value;
};

std::uint64_t checksum_of(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t copy_with_checksum(std::span<std::byte> to,
                                 std::span<const std::byte> from) {
  running_checksum sum;
  sum.copy(to, from);
  return sum.value();
}

running_checksum::running_checksum() : state_(std::make_unique<state>()) {
  reset();
}

running_checksum::running_checksum(running_checksum&& other) noexcept = default;

running_checksum& running_checksum::operator=(
  running_checksum&& other) noexcept = default;

running_checksum::~running_checksum() = default;

void running_checksum::reset() { XXH3_64bits_reset(&state_->value); }

void running_checksum::copy(std::span<std::byte> to,
                            std::span<const std::byte> from) {
  assert(to.size() >= from.size());
  for (std::size_t at = 0; at < from.size(); at += slice_bytes) {
    const auto length = std::min(slice_bytes, from.size() - at);
    std::memcpy(to.data() + at, from.data() + at, length);
    XXH3_64bits_update(&state_->value, to.data() + at, length);
  }
}

std::uint64_t running_checksum::value() const {
  return XXH3_64bits_digest(&state_->value);
}

}  // namespace kvc
