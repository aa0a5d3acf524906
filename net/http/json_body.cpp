#include "net/http/json_body.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

namespace kvc {

namespace {

using nlohmann::json;

constexpr std::size_t max_depth = 100;       // No field of ours needs more.
constexpr std::size_t max_complaints = 100;  // A prompt may have a million.

/// Bounds the memory and the stack that parsing may take, before it begins.
bool is_too_deep(std::string_view text) {
  std::size_t depth = 0;
  bool is_in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_in_string) {
      i += c == '\\' ? 1 : 0;
      is_in_string = c != '"';
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth)
        return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

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

json complaint(json location, std::string_view message, std::string_view type) {
  return {{"loc", std::move(location)}, {"msg", message}, {"type", type}};
}

http_response unprocessable(const json& complaints) {
  return {.status = 422,
          .body = json{{"detail", complaints}}.dump(
            -1, ' ', false, json::error_handler_t::replace)};
}

json_body::json_body(std::string_view text) {
  if (is_too_deep(text)) {
    status_ = 400;
    complaints_.push_back(
      complaint({"body"}, "JSON is nested too deeply", "json_invalid"));
    return;
  }
  try {
    fields_ = json::parse(text);
  } catch (const json::parse_error& error) {
    status_ = 400;
    complaints_.push_back(
      complaint({"body", error.byte}, "JSON decode error", "json_invalid"));
    return;
  } catch (const json::out_of_range&) {  // A number beyond any double.
    status_ = 400;
    complaints_.push_back(
      complaint({"body"}, "JSON decode error", "json_invalid"));
    return;
  }
  if (fields_.is_object())
    return;
  status_ = 422;
  complaints_.push_back(complaint({"body"},
                                  "Input should be a valid dictionary or "
                                  "object to extract fields from",
                                  "model_attributes_type"));
}

std::string json_body::string(const std::string& name) {
  const auto* value = require(name);
  return value == nullptr ? "" : read_string(name, *value);
}

std::string json_body::string_or(const std::string& name,
                                 std::string fallback) {
  const auto* value = find(name);
  return value == nullptr ? std::move(fallback) : read_string(name, *value);
}

std::array<std::string, 2> json_body::string_pair(const std::string& name) {
  const auto* value = require(name);
  if (value == nullptr)
    return {};
  if (!value->is_array() || value->size() != 2 || !(*value)[0].is_string() ||
      !(*value)[1].is_string()) {
    complain(name, "Input should be a list of two strings", "list_type");
    return {};
  }
  return {(*value)[0].get<std::string>(), (*value)[1].get<std::string>()};
}

std::vector<std::uint32_t> json_body::tokens(const std::string& name) {
  const auto* value = require(name);
  return value == nullptr ? std::vector<std::uint32_t>{}
                          : read_integers(name, *value);
}

std::optional<std::vector<std::uint32_t>> json_body::optional_integers(
  const std::string& name) {
  const auto* value = find(name);
  if (value == nullptr || value->is_null())
    return {};
  return read_integers(name, *value);
}

bool json_body::bool_or(const std::string& name, bool fallback) {
  const auto* value = find(name);
  if (value == nullptr || value->is_null())
    return fallback;
  auto text = value->is_string() ? value->get<std::string>() : value->dump();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  for (const auto* yes : {"true", "1", "yes", "on", "t", "y", "1.0"})
    if (text == yes)
      return true;
  for (const auto* no : {"false", "0", "no", "off", "f", "n", "0.0"})
    if (text == no)
      return false;
  complain(name, "Input should be a valid boolean", "bool_parsing");
  return fallback;
}

std::optional<std::chrono::milliseconds> json_body::optional_seconds(
  const std::string& name, std::chrono::milliseconds max) {
  using seconds = std::chrono::duration<double>;
  const auto* value = find(name);
  if (value == nullptr || value->is_null())
    return {};
  if (!value->is_number()) {
    complain(name, "Input should be a valid number", "float_type");
    return {};
  }
  const seconds result{value->get<double>()};
  if (!(result.count() > 0)) {
    complain(name, "Input should be greater than 0", "greater_than");
    return {};
  }
  if (result > max) {
    complain(
      name,
      "Input should be less than or equal to " +
        std::to_string(std::chrono::floor<std::chrono::seconds>(max).count()),
      "less_than_equal");
    return {};
  }
  return std::chrono::ceil<std::chrono::milliseconds>(result);
}

std::optional<std::string> json_body::optional_choice(
  const std::string& name, std::span<const std::string_view> choices) {
  const auto* value = find(name);
  if (value == nullptr || value->is_null())
    return {};
  auto text = read_string(name, *value);
  if (!value->is_string() ||
      std::find(choices.begin(), choices.end(), text) != choices.end())
    return text;
  std::string message = "Input should be";
  for (const auto choice : choices)
    message += (choice == choices.front()  ? " '"
                : choice == choices.back() ? " or '"
                                           : ", '") +
               std::string{choice} + '\'';
  complain(name, message, "enum");
  return {};
}

std::optional<http_response> json_body::refusal() const {
  if (complaints_.empty())
    return {};
  auto response = unprocessable(complaints_);
  if (status_ == 400)
    response.status = 400;
  return response;
}

void json_body::complain(const std::string& name, std::string_view message,
                         std::string_view type) {
  complaints_.push_back(complaint({"body", name}, message, type));
}

const json* json_body::find(const std::string& name) const {
  if (!fields_.is_object())
    return nullptr;
  const auto found = fields_.find(name);
  return found == fields_.end() ? nullptr : &*found;
}

const json* json_body::require(const std::string& name) {
  const auto* value = find(name);
  if (value == nullptr && status_ == 200)
    complain(name, "Field required", "missing");
  return value;
}

std::string json_body::read_string(const std::string& name, const json& value) {
  if (value.is_string())
    return value.get<std::string>();
  complain(name, "Input should be a valid string", "string_type");
  return {};
}

std::vector<std::uint32_t> json_body::read_integers(const std::string& name,
                                                    const json& value) {
  std::vector<std::uint32_t> result;
  if (!value.is_array()) {
    complain(name, "Input should be a valid list", "list_type");
    return result;
  }
  result.reserve(value.size());
  for (const auto& element : value) {
    const auto reading = read_integer(element);
    if (reading.type != nullptr && complaints_.size() < max_complaints)
      complaints_.push_back(complaint({"body", name, result.size()},
                                      reading.message, reading.type));
    result.push_back(reading.value);
  }
  return result;
}

}  // namespace kvc
