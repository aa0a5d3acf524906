#include "apps/workload/fill.hpp"

#include <algorithm>

namespace kvc {

std::vector<std::uint32_t> made_up_prompts::tokens(std::uint64_t index) const {
  std::vector<std::uint32_t> result(std::size_t{chunk_size} *
                                    chunks_per_prompt);
  // The first two tokens name the prompt; the others are noise.
  auto state = seed * 0x9e3779b97f4a7c15U + index;
  for (auto& token : result) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    token = static_cast<std::uint32_t>(state >> 40U);
  }
  result[0] = static_cast<std::uint32_t>(index);
  result[1 % result.size()] = static_cast<std::uint32_t>(seed);
  return result;
}

caf::expected<void> fill(std::span<cache_engine* const> engines,
                         const made_up_prompts& prompts, std::uint64_t chunks,
                         std::uint64_t bytes_per_token) {
  const std::vector<std::byte> content(prompts.chunk_size * bytes_per_token);
  for (std::uint64_t index = 0; chunks > 0; ++index) {
    const auto count =
      std::min<std::uint64_t>(chunks, prompts.chunks_per_prompt);
    auto tokens = prompts.tokens(index);
    tokens.resize(count * prompts.chunk_size);
    const std::vector<std::span<const std::byte>> parts(count, content);
    for (auto* engine : engines) {
      if (auto stored = engine->store(tokens, parts); !stored)
        return std::move(stored.error());
    }
    chunks -= count;
  }
  return caf::unit;
}

}  // namespace kvc
