#pragma once

#include "actors/codec/codec_header.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace kvc {

/// Returns `raw` as 8-bit integers behind a header and one float32 scale per
/// channel of each tensor. Fails with invalid_request unless `raw` is a tensor
/// of this format whose numbers are all finite.
caf::expected<std::vector<std::byte>> quantise(std::span<const std::byte> raw,
                                               const chunk_format& format);

/// Undoes it, as far as that goes.
caf::error dequantise(const codec_header& header,
                      std::span<const std::byte> encoded,
                      std::span<std::byte> raw);

}  // namespace kvc
