#pragma once

#include "actors/worker/cache_engine.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// Made-up prompts: equal members give equal tokens.
struct made_up_prompts {
  std::uint64_t seed = 1;
  std::uint32_t chunk_size = 256;         ///< Tokens per chunk.
  std::uint32_t chunks_per_prompt = 512;  ///< No two prompts share a prefix.

  /// Returns the tokens of prompt `index`.
  std::vector<std::uint32_t> tokens(std::uint64_t index) const;
};

/// Stores `chunks` made-up chunks of `bytes_per_token` in every engine, prompt
/// by prompt. Fails with the first error of a store.
caf::expected<void> fill(std::span<cache_engine* const> engines,
                         const made_up_prompts& prompts, std::uint64_t chunks,
                         std::uint64_t bytes_per_token);

}  // namespace kvc
