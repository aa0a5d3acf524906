#pragma once

#include <cstddef>
#include <span>

namespace kvc {

/// Copies `from` to the beginning of `to`, which must be as long and not
/// overlap, past the processor's caches: near twice as fast as memcpy for
/// megabytes, and what the caches hold stays there. For bytes that are not read
/// soon. Other threads see them as after any copy.
void stream_copy(std::span<std::byte> to, std::span<const std::byte> from);

/// Copies `from` there, too, and to the beginning of `cached`, which is read
/// soon. Each byte is read once. The caller must call end_stream_copies before
/// others may read `to`.
void stream_copy_twice(std::span<std::byte> to, std::span<std::byte> cached,
                       std::span<const std::byte> from);

void end_stream_copies();

}  // namespace kvc
