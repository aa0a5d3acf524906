#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kvc {

/// Tokens in the memory of the thread that read them, until it reads the next.
using token_view = std::span<const std::uint32_t>;

/// Reads the JSON list that begins with the '[' at the front of `text`, if it
/// is a usual one: integers from 0 to 2^32-1 in plain digits. Then it is
/// removed from `text`. Else, be it right or wrong, nothing is returned or
/// changed.
std::optional<token_view> read_token_list(std::string_view& text);

/// Reads little-endian integers of 32 bits. The size of `bytes` must be a
/// multiple of 4.
token_view read_token_bytes(std::string_view bytes);

/// Copies the tokens.
token_view keep_tokens(std::span<const std::uint32_t> tokens);

namespace token_list {

/// Where the reading of a list stands.
struct cursor {
  const char* at;            ///< Behind what was read.
  std::uint32_t* out;        ///< Behind what was written.
  bool wants_number = true;  ///< Else a comma or the end.
};

/// How many numbers behind its last one read_blocks_with_avx2 may overwrite.
inline constexpr int spare_numbers = 3;

/// Reads blocks of 64 bytes as long as they consist of numbers, commas and
/// blanks, and stops in front of the first number that it has not seen the end
/// of. At least 8 bytes in front of the cursor must be readable. Returns false
/// if the list is not a usual one. Does nothing where the processor cannot.
bool read_blocks_with_avx2(cursor& numbers, const char* end);

}  // namespace token_list

}  // namespace kvc
