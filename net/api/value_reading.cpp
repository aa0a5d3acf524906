#include "net/api/value_reading.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace kvc {

namespace {

using nlohmann::json;
using token_reading = value_reading<std::uint32_t>;

constexpr auto max_token = std::numeric_limits<std::uint32_t>::max();

token_reading out_of_range(bool is_negative) {
  if (is_negative)
    return {0, "greater_than_equal",
            "Input should be greater than or equal to 0"};
  return {0, "less_than_equal",
          "Input should be less than or equal to 4294967295"};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\n\r\f\v";
  const auto first = std::min(text.find_first_not_of(blanks), text.size());
  return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

/// The parts of "12", " +12 " and "-12.0".
struct integer_text {
  bool is_negative = false;
  std::string_view digits;  ///< At least one.
};

std::optional<integer_text> read_integer_text(std::string_view text) {
  integer_text result;
  text = trimmed(text);
  result.is_negative = text.starts_with('-');
  if (result.is_negative || text.starts_with('+'))
    text.remove_prefix(1);
  const auto dot = std::min(text.find('.'), text.size());
  const auto zeros = text.substr(std::min(dot + 1, text.size()));
  result.digits = text.substr(0, dot);
  if (result.digits.empty() || (dot < text.size() && zeros.empty()) ||
      result.digits.find_first_not_of("0123456789") != std::string_view::npos ||
      zeros.find_first_not_of('0') != std::string_view::npos)
    return {};
  return result;
}

template <class Integer>
std::optional<Integer> read_all(std::string_view text) {
  Integer value{};
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end)
    return {};
  return value;
}

token_reading read_token_text(std::string_view text) {
  const auto parts = read_integer_text(text);
  if (!parts)
    return {0, "int_parsing",
            "Input should be a valid integer, unable to parse string as an "
            "integer"};
  const auto value = read_all<std::uint32_t>(parts->digits);
  if (!value || (parts->is_negative && *value != 0))
    return out_of_range(parts->is_negative);
  return {*value};
}

token_reading read_token_float(double number) {
  if (std::trunc(number) != number)
    return {0, "int_from_float",
            "Input should be a valid integer, got a number with a fractional "
            "part"};
  if (number < 0 || number > max_token)
    return out_of_range(number < 0);
  return {static_cast<std::uint32_t>(number)};
}

std::optional<std::uint64_t> hash_of_text(std::string_view text) {
  const auto parts = read_integer_text(text);
  if (!parts)
    return {};
  const auto value = read_all<std::uint64_t>(parts->digits);
  constexpr auto most_negative = std::uint64_t{1} << 63U;
  if (!value || (parts->is_negative && *value > most_negative))
    return {};
  return parts->is_negative ? ~*value + 1 : *value;
}

/// Returns nothing if the number may have been another one before it became a
/// double.
std::optional<std::uint64_t> hash_of_float(double number) {
  constexpr auto exact = static_cast<double>(std::uint64_t{1} << 53U);
  if (std::trunc(number) != number || std::abs(number) > exact)
    return {};
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
}

std::optional<std::uint64_t> hash_of(const json& value) {
  if (value.is_boolean())
    return value.get<bool>() ? 1U : 0U;
  if (value.is_number_unsigned())
    return value.get<std::uint64_t>();
  if (value.is_number_integer())
    return static_cast<std::uint64_t>(value.get<std::int64_t>());
  if (value.is_number_float())
    return hash_of_float(value.get<double>());
  if (value.is_string())
    return hash_of_text(value.get_ref<const std::string&>());
  return {};
}

std::optional<double> number_of_text(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+') && !text.starts_with("+-"))
    text.remove_prefix(1);
  return read_all<double>(text);
}

std::optional<bool> bool_of_text(std::string text) {
  constexpr std::size_t longest = 5;
  if (text.size() > longest)
    return {};
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  for (const auto* yes : {"true", "1", "yes", "on", "t", "y"})
    if (text == yes)
      return true;
  for (const auto* no : {"false", "0", "no", "off", "f", "n"})
    if (text == no)
      return false;
  return {};
}

}  // namespace

value_reading<std::uint32_t> read_integer(const json& value) {
  if (value.is_boolean())
    return {value.get<bool>() ? 1U : 0U};
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number > max_token
             ? out_of_range(false)
             : token_reading{static_cast<std::uint32_t>(number)};
  }
  if (value.is_number_integer())
    return value.get<std::int64_t>() < 0 ? out_of_range(true) : token_reading{};
  if (value.is_number_float())
    return read_token_float(value.get<double>());
  if (value.is_string())
    return read_token_text(value.get_ref<const std::string&>());
  return {0, "int_type", "Input should be a valid integer"};
}

value_reading<std::uint64_t> read_hash(const json& value) {
  if (const auto hash = hash_of(value))
    return {*hash};
  return {0, "int_type", "Input should be an integer of 64 bits"};
}

value_reading<double> read_number(const json& value) {
  if (value.is_boolean())
    return {value.get<bool>() ? 1.0 : 0.0};
  if (!value.is_number() && !value.is_string())
    return {0, "float_type", "Input should be a valid number"};
  const auto number = value.is_number()
                        ? value.get<double>()
                        : number_of_text(value.get_ref<const std::string&>());
  if (!number)
    return {0, "float_parsing",
            "Input should be a valid number, unable to parse string as a "
            "number"};
  if (!std::isfinite(*number))
    return {0, "finite_number", "Input should be a finite number"};
  return {*number};
}

value_reading<bool> read_bool(const json& value) {
  if (value.is_boolean())
    return {value.get<bool>()};
  const auto number = value.is_number() ? value.get<double>() : 0.5;
  if (!value.is_string() && std::trunc(number) != number)
    return {false, "bool_type", "Input should be a valid boolean"};
  const auto result = value.is_string() ? bool_of_text(value.get<std::string>())
                      : number == 0 || number == 1 ? std::optional{number == 1}
                                                   : std::nullopt;
  if (!result)
    return {false, "bool_parsing",
            "Input should be a valid boolean, unable to interpret input"};
  return {*result};
}

}  // namespace kvc
