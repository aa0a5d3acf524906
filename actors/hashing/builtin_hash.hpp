#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kvc {

/// Returns hash(value) as CPython 3.8 and later computes it.
std::int64_t builtin_int_hash(std::int64_t value);

/// Returns hash(str(text)) as CPython 3.11 and later computes it under
/// PYTHONHASHSEED=`seed`; `text` is ASCII and not empty.
std::int64_t builtin_text_hash(std::string_view text, std::uint32_t seed);

/// Returns hash(tuple(tokens)).
std::uint64_t builtin_tuple_hash(std::span<const std::uint32_t> tokens);

/// Returns builtin_tuple_hash for each run of `chunk_size` tokens, in order.
/// What is left at the end of `tokens` gets none.
std::vector<std::uint64_t> builtin_tuple_hashes(
  std::span<const std::uint32_t> tokens, std::size_t chunk_size);

/// Returns hash((previous, tokens, ())), `tuple_hash` being that of the tokens.
std::uint64_t builtin_chunk_hash(std::uint64_t previous,
                                 std::uint64_t tuple_hash);

}  // namespace kvc
