#pragma once

#include "messages/hash_settings.hpp"
#include "messages/lookup.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// Cuts prompts into chunks and names them by the given settings.
class chunk_hasher : public prompt_hasher {
 public:
  /// `settings.chunk_size` must be positive.
  chunk_hasher(hash_settings settings, bool hashes_partial_chunk);

  std::vector<std::uint64_t> hash_prompt(
    std::span<const std::uint32_t> tokens) const override;

  /// Returns the hashes of the chunks of `tokens`, which follow a whole chunk
  /// named `previous`.
  std::vector<std::uint64_t> hash_continuation(
    std::uint64_t previous, std::span<const std::uint32_t> tokens) const;

  std::uint32_t chunk_size() const override { return settings_.chunk_size; }

  const hash_settings& settings() const { return settings_; }

 private:
  hash_settings settings_;
  bool hashes_partial_chunk_;
};

/// What both ends of a link hash to notice an implementation that differs.
/// Never change it: a worker of another version would be refused.
inline constexpr std::array<std::uint32_t, 12> canary_tokens{
  0,     1,     23,     24,         255,        256,
  65535, 65536, 128000, 2147483647, 2147483648, 4294967295};

/// Returns the hash of the last, maybe partial, chunk of `canary_tokens`.
/// `settings.chunk_size` must be positive.
std::uint64_t canary(const hash_settings& settings);

/// Names what differs between the controller's settings and a worker's, as in
/// "chunk_size: controller 256, worker 128; ..."; empty if they are equal.
std::string describe_difference(const hash_settings& controller,
                                const hash_settings& worker);

}  // namespace kvc
