#include "net/http/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace kvc {

namespace {

constexpr std::uint64_t ones = 0x0101010101010101U;
constexpr std::uint64_t tops = 0x80 * ones;

/// Sets the top bit of a byte if it is zero; of others only if one is.
constexpr std::uint64_t zeros(std::uint64_t x) { return (x - ones) & ~x; }

/// Whether one of eight characters is none of printable ASCII, or a quote, or
/// a backslash.
constexpr bool has_odd(std::uint64_t x) {
  const auto below_blank = (x - ' ' * ones) & ~x;
  const auto above_tilde = x | (x + ones);
  const auto marks = zeros(x ^ ('"' * ones)) | zeros(x ^ ('\\' * ones));
  return ((below_blank | above_tilde | marks) & tops) != 0;
}

/// Looks at eight characters at once.
bool is_plain(std::string_view text) {
  std::uint64_t eight = 0;
  if (text.size() < sizeof eight) {
    std::array<char, sizeof eight> padded{};
    padded.fill(' ');
    std::copy(text.begin(), text.end(), padded.begin());
    std::memcpy(&eight, padded.data(), sizeof eight);
    return !has_odd(eight);
  }
  for (std::size_t i = 0; i + sizeof eight <= text.size(); i += sizeof eight) {
    std::memcpy(&eight, text.data() + i, sizeof eight);
    if (has_odd(eight))
      return false;
  }
  std::memcpy(&eight, text.data() + text.size() - sizeof eight, sizeof eight);
  return !has_odd(eight);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

}  // namespace kvc
