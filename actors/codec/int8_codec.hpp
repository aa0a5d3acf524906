#pragma once

#include "actors/codec/codec_header.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace kvc {

/// Returns a codec_header, one float32 scale per channel of each tensor, and
/// the numbers of `raw` as 8-bit integers. Fails with invalid_request unless
/// `raw` is of this format and all its numbers are finite.
caf::expected<std::vector<std::byte>> quantise(std::span<const std::byte> raw,
                                               const chunk_format& format);

/// Fills `raw` with the numbers that `encoded` stands for. Fails with
/// invalid_request if it is damaged.
caf::error dequantise(const codec_header& header,
                      std::span<const std::byte> encoded,
                      std::span<std::byte> raw);

}  // namespace kvc
