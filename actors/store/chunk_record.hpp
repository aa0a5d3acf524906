#pragma once

#include "actors/codec/codec.hpp"

#include <cstdint>

namespace kvc {

/// What a location knows of one chunk.
struct chunk_record {
  std::uint64_t hash = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t encoded_bytes = 0;  ///< The raw ones if `codec` is none.
  std::uint32_t tokens = 0;
  codec_id codec = codec_id::none;

  friend bool operator==(const chunk_record&, const chunk_record&) = default;
};

}  // namespace kvc
