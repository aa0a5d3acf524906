#pragma once

#include "messages/hash_settings.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string_view>

namespace kvc {

/// Reads what stands before the first chunk: an integer of 64 bits, decimal
/// (builtin: also negative) or 0x and hexadecimal, or "seed:N", the value that
/// vLLM derives from PYTHONHASHSEED=N. Fails with invalid_request.
caf::expected<std::uint64_t> parse_none_hash(std::string_view text,
                                             hash_algorithm algorithm);

/// Writes an integer that parse_none_hash reads as `none_hash`, in the way the
/// serving engine shows it: signed for builtin.
std::string render_none_hash(std::uint64_t none_hash, hash_algorithm algorithm);

}  // namespace kvc
