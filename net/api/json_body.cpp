#include "net/api/json_body.hpp"

#include "net/api/integer_reading.hpp"
#include "net/http/route.hpp"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <cmath>
#include <utility>

namespace kvc {

namespace {

using nlohmann::json;

constexpr std::size_t max_complaints = 100;  // A prompt may have a million.

/// How long a text a parser reads within a millisecond or so.
constexpr std::size_t max_quick_bytes = 64UL * 1024;

}  // namespace

json complaint(json location, std::string_view message, std::string_view type) {
  return {{"loc", std::move(location)}, {"msg", message}, {"type", type}};
}

http_response unprocessable(const json& complaints) {
  return {.status = 422,
          .body = json{{"detail", complaints}}.dump(
            -1, ' ', false, json::error_handler_t::replace)};
}

json_body::json_body(std::string_view text) : walked_(walk_json(text)) {
  read(text);
}

json_body::json_body(const http_request& request)
    : walked_(walk_json(request.body)), entry_(request.entry) {
  if (walked_.how_far == walked_json::progress::partial &&
      request.body.size() > max_quick_bytes && !request.may_take_long)
    status_ = again_elsewhere().status;
  else
    read(request.body);
}

void json_body::read(std::string_view text) {
  switch (walked_.how_far) {  // No default: -Wswitch reports a missing case.
    case walked_json::progress::complete:
      return;
    case walked_json::progress::partial:
      parse(text);
      return;
    case walked_json::progress::too_deep:
      refuse_text(400, {"body"}, "JSON is nested too deeply", "json_invalid");
      return;
    case walked_json::progress::too_long:
      status_ = 413;
  }
}

void json_body::parse(std::string_view text) {
  walked_.texts.clear();  // The parser reads them, too.
  try {
    fields_ = json::parse(walked_.rest(text));
  } catch (const json::parse_error& error) {
    return refuse_text(400, {"body", walked_.place_of(error.byte)},
                       "JSON decode error", "json_invalid");
  } catch (const json::out_of_range&) {  // A number beyond any double.
    return refuse_text(400, {"body"}, "JSON decode error", "json_invalid");
  }
  if (!fields_.is_object())
    refuse_text(422, {"body"},
                "Input should be a valid dictionary or object to extract "
                "fields from",
                "model_attributes_type");
}

void json_body::refuse_text(unsigned status, json location,
                            std::string_view message, std::string_view type) {
  status_ = status;
  complaints_.push_back(complaint(std::move(location), message, type));
}

std::string json_body::string(const std::string& name) {
  const auto* value = require(name);
  return value == nullptr ? "" : read_string(name, *value);
}

std::string json_body::string_or(const std::string& name,
                                 std::string fallback) {
  if (const auto* text = find_text(name))
    return std::string{*text};
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

token_view json_body::tokens() {
  if (walked_.tokens)
    return *walked_.tokens;
  const auto* value = require("tokens");
  return value == nullptr ? token_view{}
                          : keep_tokens(read_integers("tokens", *value));
}

std::optional<token_view> json_body::optional_tokens() {
  if (walked_.tokens)
    return walked_.tokens;
  const auto tokens = optional_integers("tokens");
  return tokens ? std::optional{keep_tokens(*tokens)} : std::nullopt;
}

std::optional<std::vector<std::uint64_t>> json_body::optional_hashes() {
  if (walked_.hashes)
    return std::exchange(walked_.hashes, std::nullopt);
  const std::string name = "hashes";
  const auto* found = find(name);
  if (found == nullptr || found->is_null())
    return {};
  std::vector<std::uint64_t> result;
  const auto& value = *found;
  if (!value.is_array()) {
    complain(name, "Input should be a valid list", "list_type");
    return result;
  }
  for (const auto& element : value) {
    const auto hash = read_hash(element);
    if (!hash && complaints_.size() < max_complaints)
      complaints_.push_back(complaint({"body", name, result.size()},
                                      "Input should be an integer of 64 bits",
                                      "int_type"));
    result.push_back(hash.value_or(0));
  }
  return result;
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
  if (status_ == again_elsewhere().status)
    return again_elsewhere();
  if (status_ == 413)
    return error_response(
      413, "more than " + std::to_string(walked_json::max_elements) +
             " JSON elements; only `tokens` and `hashes` may have more, in "
             "plain digits");
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

const std::string_view* json_body::find_text(std::string_view name) const {
  const auto found =
    std::find_if(walked_.texts.rbegin(), walked_.texts.rend(),
                 [&](const auto& text) { return text.first == name; });
  return found == walked_.texts.rend() ? nullptr : &found->second;
}

const json* json_body::find(const std::string& name) {
  assert(entry_ == nullptr || find_field(entry_->body, name) != nullptr);
  if (const auto* text = find_text(name))
    fields_[name] = *text;
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
