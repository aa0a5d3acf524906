#include "net/api/integer_reading.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

namespace kvc {

namespace {

using nlohmann::json;

integer_reading out_of_range(bool is_negative) {
  if (is_negative)
    return {0, "greater_than_equal",
            "Input should be greater than or equal to 0"};
  return {0, "less_than_equal",
          "Input should be less than or equal to 4294967295"};
}

integer_reading read_float(double number) {
  if (!std::isfinite(number))
    return {0, "finite_number", "Input should be a finite number"};
  if (std::trunc(number) != number)
    return {0, "int_from_float",
            "Input should be a valid integer, got a number with a fractional "
            "part"};
  if (number < 0 || number > std::numeric_limits<std::uint32_t>::max())
    return out_of_range(number < 0);
  return {static_cast<std::uint32_t>(number)};
}

/// Reads "12", " +12 " and "12.0", as pydantic does.
integer_reading read_digits(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\r\f\v";
  const integer_reading unreadable{
    0, "int_parsing",
    "Input should be a valid integer, unable to parse string as an integer"};
  const auto first = std::min(text.find_first_not_of(blanks), text.size());
  text = text.substr(first, text.find_last_not_of(blanks) + 1 - first);
  const bool is_negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+'))
    text.remove_prefix(1);
  const auto dot = std::min(text.find('.'), text.size());
  const auto zeros = text.substr(std::min(dot + 1, text.size()));
  const auto digits = text.substr(0, dot);
  if (digits.empty() || (dot < text.size() && zeros.empty()) ||
      digits.find_first_not_of("0123456789") != std::string_view::npos ||
      zeros.find_first_not_of('0') != std::string_view::npos)
    return unreadable;
  integer_reading result;
  const auto parsed =
    std::from_chars(digits.data(), digits.data() + digits.size(), result.value);
  if (parsed.ec != std::errc{} || (is_negative && result.value != 0))
    return out_of_range(is_negative);
  return result;
}

/// Reads all of the text as decimal digits.
template <class Integer>
std::optional<std::uint64_t> read_all_digits(std::string_view text) {
  Integer value = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end)
    return {};
  return static_cast<std::uint64_t>(value);
}

}  // namespace

integer_reading read_integer(const json& value) {
  if (value.is_boolean())
    return {value.get<bool>() ? 1U : 0U};
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number > std::numeric_limits<std::uint32_t>::max()
             ? out_of_range(false)
             : integer_reading{static_cast<std::uint32_t>(number)};
  }
  if (value.is_number_integer())
    return value.get<std::int64_t>() < 0 ? out_of_range(true)
                                         : integer_reading{};
  if (value.is_number_float())
    return read_float(value.get<double>());
  if (value.is_string())
    return read_digits(value.get_ref<const std::string&>());
  return {0, "int_type", "Input should be a valid integer"};
}

std::optional<std::uint64_t> read_hash(const json& value) {
  if (value.is_number_unsigned())
    return value.get<std::uint64_t>();
  if (value.is_number_integer())
    return static_cast<std::uint64_t>(value.get<std::int64_t>());
  if (!value.is_string())
    return {};
  const auto& text = value.get_ref<const std::string&>();
  return text.starts_with('-') ? read_all_digits<std::int64_t>(text)
                               : read_all_digits<std::uint64_t>(text);
}

}  // namespace kvc
