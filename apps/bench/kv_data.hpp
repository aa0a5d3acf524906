#pragma once

#include "actors/codec/codec.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kvc {

/// A made-up chunk of KV cache: what it is and its bytes.
struct kv_chunk {
  chunk_format format;
  std::vector<std::byte> bytes;
};

/// Makes a chunk of 256 tokens as Llama 3 8B has them, in numbers of `dtype`,
/// which is bfloat16, float16 or float32: a tensor of keys and values, 32
/// layers, tokens, and 8 heads x 128 channels. The same each time. How the
/// numbers are drawn is in docs/compression.md.
kv_chunk make_kv_chunk(const std::string& dtype);

}  // namespace kvc
