#include "net/api/token_list.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

namespace kvc {

namespace {

using token_list::cursor;

constexpr std::ptrdiff_t max_digits = 10;
constexpr std::ptrdiff_t block_lead =
  8;  // What read_blocks_with_avx2 asks for.

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// Reads one number. Returns false if it is no token.
bool read_number(cursor& numbers, const char* end) {
  const auto* const first = numbers.at;
  std::uint64_t value = 0;
  for (; numbers.at != end && numbers.at - first <= max_digits; ++numbers.at) {
    const auto digit = static_cast<unsigned char>(*numbers.at - '0');
    if (digit > 9)
      break;
    value = value * 10 + digit;
  }
  const auto length = numbers.at - first;
  if (length == 0 || length > max_digits || (length > 1 && *first == '0') ||
      value > std::numeric_limits<std::uint32_t>::max())
    return false;
  *numbers.out++ = static_cast<std::uint32_t>(value);
  return true;
}

/// Reads up to the ']', or up to a number behind `pause`. Returns false if the
/// list is not a usual one.
bool read_numbers(cursor& numbers, const char* pause, const char* end) {
  for (; numbers.at != end;) {
    const char c = *numbers.at;
    if (is_blank(c)) {
      ++numbers.at;
    } else if (numbers.wants_number) {
      if (numbers.at >= pause)
        return true;
      if (!read_number(numbers, end))
        return false;
      numbers.wants_number = false;
    } else if (c == ',') {
      ++numbers.at;
      numbers.wants_number = true;
    } else {
      return c == ']';
    }
  }
  return false;
}

/// Reads what is behind the '[', up to the ']'.
bool read_all(cursor& numbers, const char* end) {
  const auto* const begin = numbers.at;
  while (numbers.at != end && is_blank(*numbers.at))
    ++numbers.at;
  if (numbers.at != end && *numbers.at == ']')
    return true;
  if (end - begin > 2 * block_lead) {
    if (!read_numbers(numbers, begin + block_lead, end))
      return false;
    if (numbers.wants_number &&
        !token_list::read_blocks_with_avx2(numbers, end))
      return false;
  }
  return read_numbers(numbers, end, end);
}

/// Returns the thread's memory for at least `size` tokens. Large lists are
/// rare: their memory is not kept for ever.
std::vector<std::uint32_t>& memory_for(std::size_t size) {
  constexpr std::size_t max_kept = 1UL << 20U;
  thread_local std::vector<std::uint32_t> memory;
  if (memory.size() > max_kept && size <= max_kept)
    memory = {};
  if (memory.size() < size)
    memory.resize(size);
  return memory;
}

}  // namespace

std::optional<token_view> read_token_list(std::string_view& text) {
  if (text.empty() || text.front() != '[')
    return {};
  // Every number but the last one is followed by a comma.
  auto& memory = memory_for(text.size() / 2 + token_list::spare_numbers);
  cursor numbers{text.data() + 1, memory.data()};
  if (!read_all(numbers, text.data() + text.size()))
    return {};
  text.remove_prefix(static_cast<std::size_t>(numbers.at + 1 - text.data()));
  return token_view{memory.data(), numbers.out};
}

token_view read_token_bytes(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  const auto size = bytes.size() / sizeof(std::uint32_t);
  auto& memory = memory_for(size);
  if (size > 0)
    std::memcpy(memory.data(), bytes.data(), bytes.size());
  return {memory.data(), size};
}

void forget_large_list() { memory_for(0); }

token_view keep_tokens(std::span<const std::uint32_t> tokens) {
  auto& memory = memory_for(tokens.size());
  std::copy(tokens.begin(), tokens.end(), memory.begin());
  return {memory.data(), tokens.size()};
}

}  // namespace kvc
