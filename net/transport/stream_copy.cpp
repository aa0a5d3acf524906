#include "net/transport/stream_copy.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstring>

#ifdef __x86_64__
#include <emmintrin.h>
#endif

namespace kvc {

namespace {

/// The processor writes so many bytes to memory at once.
constexpr std::size_t line_bytes = 64;

std::size_t misfit(const std::byte* x) {
  return reinterpret_cast<std::uintptr_t>(x) % line_bytes;
}

#ifdef __x86_64__

/// A register's worth. Unlike __m128i it has no attributes, which a template
/// argument would lose.
struct vector {
  __m128i value;
};

/// A line of memory, in registers.
struct line {
  explicit line(const std::byte* from) {
    const auto* at = reinterpret_cast<const __m128i*>(from);
    for (auto& part : parts)
      part.value = _mm_loadu_si128(at++);
  }

  /// `to` must be the beginning of a line.
  void stream(std::byte* to) const {
    auto* at = reinterpret_cast<__m128i*>(to);
    for (const auto& part : parts)
      _mm_stream_si128(at++, part.value);
  }

  void store(std::byte* to) const {
    auto* at = reinterpret_cast<__m128i*>(to);
    for (const auto& part : parts)
      _mm_storeu_si128(at++, part.value);
  }

  std::array<vector, line_bytes / sizeof(vector)> parts;
};

#else

struct line {
  explicit line(const std::byte* from) : begin(from) {}
  void stream(std::byte* to) const { store(to); }
  void store(std::byte* to) const { std::memcpy(to, begin, line_bytes); }

  const std::byte* begin;
};

#endif

}  // namespace

void end_stream_copies() {
#ifdef __x86_64__
  _mm_sfence();
#endif
}

void stream_copy(std::span<std::byte> to, std::span<const std::byte> from) {
  assert(to.size() >= from.size());
  if (from.empty())
    return;
  const auto head =
    std::min(from.size(), (line_bytes - misfit(to.data())) % line_bytes);
  std::memcpy(to.data(), from.data(), head);
  auto at = head;
  for (; at + line_bytes <= from.size(); at += line_bytes)
    line{from.data() + at}.stream(to.data() + at);
  std::memcpy(to.data() + at, from.data() + at, from.size() - at);
  end_stream_copies();
}

void stream_copy_twice(std::span<std::byte> to, std::span<std::byte> cached,
                       std::span<const std::byte> from) {
  assert(to.size() >= from.size() && cached.size() >= from.size());
  if (from.empty())
    return;
  std::size_t at = 0;
  if (misfit(to.data()) == 0)
    for (; at + line_bytes <= from.size(); at += line_bytes) {
      const line x{from.data() + at};
      x.store(cached.data() + at);
      x.stream(to.data() + at);
    }
  const auto rest = from.size() - at;
  std::memcpy(cached.data() + at, from.data() + at, rest);
  std::memcpy(to.data() + at, cached.data() + at, rest);
}

}  // namespace kvc
