#pragma once

#include "actors/codec/codec.hpp"
#include "messages/control.hpp"

namespace kvc {

/// What encode_chunk() comes to.
struct encoded_chunk {
  chunk_outcome outcome = chunk_outcome::failed;
  std::vector<std::byte> bytes;  ///< If the outcome is `done`.
};

/// Encodes a chunk and says what that means for a command: `done`, `unsuitable`
/// if the codec cannot take such chunks, `incompressible` or `failed`.
encoded_chunk encode_chunk(codec_id target, std::span<const std::byte> raw,
                           const chunk_format& format);

}  // namespace kvc
