#include "net/transport/checksum.hpp"

#include "net/transport/stream_copy.hpp"
#include "net/transport/xxh3_kernel.hpp"

#define XXH_STATIC_LINKING_ONLY  // For the size of the state.
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace kvc {

namespace {

/// So few bytes that they stay in the first-level cache until they are summed.
constexpr std::size_t slice_bytes = 4'096;

const xxh3_kernel& kernel() {
  static const auto& fastest = xxh3_kernels().back();
  return fastest;
}

}  // namespace

struct running_checksum::state {
  XXH3_state_t value;
  alignas(64) std::array<std::byte, slice_bytes> slice;
};

std::uint64_t checksum_of(std::span<const std::byte> bytes) {
  return kernel().hash(bytes.data(), bytes.size());
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

/// Reads every byte only once: a peer may change its bytes between two reads.
void running_checksum::copy(std::span<std::byte> to,
                            std::span<const std::byte> from) {
  assert(to.size() >= from.size());
  auto& slice = state_->slice;
  for (std::size_t at = 0; at < from.size(); at += slice_bytes) {
    const auto length = std::min(slice_bytes, from.size() - at);
    stream_copy_twice(to.subspan(at), slice, from.subspan(at, length));
    kernel().update(&state_->value, slice.data(), length);
  }
  end_stream_copies();
}

std::uint64_t running_checksum::value() const {
  return XXH3_64bits_digest(&state_->value);
}

}  // namespace kvc
