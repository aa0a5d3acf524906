#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kvc {

/// Tokens in memory of the thread that read them, valid until it reads the next
/// list or calls forget_large_list.
using token_view = std::span<const std::uint32_t>;

/// Reads and removes the JSON list at the front of `text`, if it is a usual
/// one: integers from 0 to 2^32-1 in plain digits. Any other list, right or
/// wrong, stays, and nothing is returned.
std::optional<token_view> read_token_list(std::string_view& text);

/// Reads little-endian integers of 32 bits. The size of `bytes` must be a
/// multiple of 4.
token_view read_token_bytes(std::string_view bytes);

/// Gives back the memory of the thread's last list if it was a large one.
void forget_large_list();

/// Copies tokens to the memory of the thread.
token_view keep_tokens(std::span<const std::uint32_t> tokens);

namespace token_list {

/// How far a list has been read.
struct cursor {
  const char* at;            ///< What is read next.
  std::uint32_t* out;        ///< Where the next number goes.
  bool wants_number = true;  ///< False: a comma or the end comes next.
};

/// How many numbers behind its last one read_blocks_with_avx2 may overwrite.
inline constexpr int spare_numbers = 3;

/// Reads blocks of 64 bytes as long as they consist of numbers, commas and
/// blanks, and stops in front of the first number whose end it has not seen. At
/// least 8 bytes in front of the cursor must be readable. Returns false if the
/// list is not a usual one. Does nothing on processors without AVX2 and BMI2.
bool read_blocks_with_avx2(cursor& numbers, const char* end);

}  // namespace token_list

}  // namespace kvc
