#include "net/api/token_list.hpp"

#ifdef __x86_64__

#include <immintrin.h>

#include <bit>
#include <cstring>
#include <limits>

#define KVC_AVX2 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))

namespace kvc::token_list {

namespace {

constexpr std::ptrdiff_t block = 64;

/// A bit for each of a block's bytes: what it is.
struct classes {
  std::uint64_t digits;
  std::uint64_t zeros;
  std::uint64_t commas;
  std::uint64_t blanks;
};

KVC_AVX2 inline std::uint64_t mask_of(__m256i low, __m256i high) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(low)) |
         std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(high))}
           << 32U;
}

KVC_AVX2 inline std::uint64_t equal(__m256i low, __m256i high, char c) {
  const auto wanted = _mm256_set1_epi8(c);
  return mask_of(_mm256_cmpeq_epi8(low, wanted),
                 _mm256_cmpeq_epi8(high, wanted));
}

KVC_AVX2 inline __m256i is_digit(__m256i bytes) {
  const auto value = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
  return _mm256_cmpeq_epi8(_mm256_min_epu8(value, _mm256_set1_epi8(9)), value);
}

KVC_AVX2 inline classes classify(const char* bytes) {
  __m256i low;
  __m256i high;
  std::memcpy(&low, bytes, sizeof low);
  std::memcpy(&high, bytes + sizeof low, sizeof high);
  return {mask_of(is_digit(low), is_digit(high)), equal(low, high, '0'),
          equal(low, high, ','),
          equal(low, high, ' ') | equal(low, high, '\n') |
            equal(low, high, '\r') | equal(low, high, '\t')};
}

/// Reads 1 to 8 digits that end in front of `end`.
inline std::uint32_t read_short(const char* end, unsigned length) {
  std::uint64_t digits = 0;
  std::memcpy(&digits, end - sizeof digits, sizeof digits);
  // The first digit is in the lowest byte; what is in front of it becomes zero.
  digits =
    (digits & 0x0F0F0F0F0F0F0F0FU) &
    (std::numeric_limits<std::uint64_t>::max() << (64 - 8 * length) % 64);
  digits = digits * 10 + (digits >> 8U);
  constexpr std::uint64_t pairs = 0x000000FF000000FFU;
  const auto even = (digits & pairs) * (100 + (1'000'000ULL << 32U));
  const auto odd = ((digits >> 16U) & pairs) * (1 + (10'000ULL << 32U));
  return static_cast<std::uint32_t>((even + odd) >> 32U);
}

/// Reads up to 10 digits; the result is too large for a token if the digits
/// are too many.
inline std::uint64_t read_long(const char* at, unsigned length) {
  if (length > 10)
    return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (unsigned i = 0; i < length; ++i)
    value = value * 10 + static_cast<std::uint64_t>(at[i] - '0');
  return value;
}

/// Says whether numbers and commas take turns, and whose turn is next.
KVC_AVX2 inline bool take_turns(std::uint64_t starts, std::uint64_t commas,
                                bool& wants_number) {
  const auto both = starts | commas;
  const auto count = static_cast<unsigned>(std::popcount(both));
  const std::uint64_t expected =
    wants_number ? 0x5555555555555555U : 0xAAAAAAAAAAAAAAAAU;
  wants_number = wants_number != (count % 2 == 1);
  return _pext_u64(starts, both) == _bzhi_u64(expected, count);
}

/// Reads the numbers that end in `ends`; the first one begins `first`. Goes on
/// for up to three numbers that are none, so that the processor can predict
/// where the loop ends; they are overwritten.
KVC_AVX2 inline bool read_numbers(cursor& numbers, const char* first,
                                  std::uint64_t starts, std::uint64_t ends) {
  const auto count = std::popcount(ends);
  for (int i = 0; i < count; i += spare_numbers + 1)
    for (int j = i; j < i + spare_numbers + 1; ++j) {
      const auto* const end = numbers.at + std::countr_zero(ends);
      const auto length = static_cast<unsigned>(end - first);
      numbers.out[j] = read_short(end, length);
      if (length > 8 && j < count) {
        const auto value = read_long(first, length);
        if (value > std::numeric_limits<std::uint32_t>::max())
          return false;
        numbers.out[j] = static_cast<std::uint32_t>(value);
      }
      ends &= ends - 1;
      first = numbers.at + std::countr_zero(starts);
      starts &= starts - 1;
    }
  numbers.out += count;
  return true;
}

KVC_AVX2 bool read_blocks(cursor& numbers, const char* end) {
  const char* open = nullptr;  // Begin of a number that goes on in the block.
  std::uint64_t was_digit = 0;
  std::uint64_t was_zero_start = 0;
  for (; end - numbers.at >= block; numbers.at += block) {
    const auto is = classify(numbers.at);
    if (~(is.digits | is.commas | is.blanks) != 0)
      break;
    const auto after_digit = is.digits << 1U | was_digit;
    auto starts = is.digits & ~after_digit;
    const auto ends = after_digit & ~is.digits;
    const auto zero_starts = starts & is.zeros;
    if (((zero_starts << 1U | was_zero_start) & is.digits) != 0)
      return false;  // As in 01.
    if (!take_turns(starts, is.commas, numbers.wants_number))
      return false;
    const auto last = starts;
    const auto* first = open;
    if (first == nullptr) {
      first = numbers.at + std::countr_zero(starts);
      starts &= starts - 1;
    }
    if (!read_numbers(numbers, first, starts, ends))
      return false;
    was_digit = is.digits >> 63U;
    was_zero_start = zero_starts >> 63U;
    if (was_digit == 0)
      open = nullptr;
    else if (last != 0)
      open = numbers.at + (63 - std::countl_zero(last));
    else if (numbers.at - open > 10)
      return false;  // No token is that long.
  }
  if (open != nullptr) {
    numbers.at = open;
    numbers.wants_number = true;
  }
  return true;
}

}  // namespace

bool read_blocks_with_avx2(cursor& numbers, const char* end) {
  static const bool can_run =
    __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0;
  return !can_run || read_blocks(numbers, end);
}

}  // namespace kvc::token_list

#else

bool kvc::token_list::read_blocks_with_avx2(cursor&, const char*) {
  return true;
}

#endif
