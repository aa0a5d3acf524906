#include "net/api/json_body.hpp"

#include "net/http/route.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kvc {

namespace {

using nlohmann::json;

constexpr std::size_t max_complaints = 100;  // A prompt may have a million.
constexpr std::size_t max_input = 1'024;     // Bytes that a complaint repeats.

/// Takes the bytes of a value from `room`. Returns false where that is too
/// little, without a look at the rest.
bool fits(const json& value, std::size_t& room) {
  constexpr std::size_t around = 2;  // Quotes, brackets, or a comma and more.
  const auto take = [&](std::size_t bytes) {
    const bool is_enough = bytes <= room;
    room -= std::min(bytes, room);
    return is_enough;
  };
  if (value.is_string())
    return take(value.get_ref<const std::string&>().size() + around);
  if (!value.is_structured())
    return take(value.dump().size());
  for (const auto& [name, element] : value.items())
    if (!take(around + (value.is_object() ? name.size() : 0)) ||
        !fits(element, room))
      return false;
  return take(around);
}

/// How long a text a parser reads within a millisecond or so.
constexpr std::size_t max_quick_bytes = 64UL * 1024;

}  // namespace

json complaint(json location, std::string_view message, std::string_view type,
               const json& input) {
  json result{{"loc", std::move(location)}, {"msg", message}, {"type", type}};
  auto room = max_input;
  if (!input.is_discarded() && fits(input, room))
    result["input"] = input;
  return result;
}

http_response unprocessable(const json& complaints) {
  return {.status = 422,
          .body = json{{"detail", complaints}}.dump(
            -1, ' ', false, json::error_handler_t::replace)};
}

json_body::json_body(std::string_view text)
    : text_(text), walked_(walk_json(text)) {
  read();
}

json_body::json_body(const http_request& request)
    : text_(request.body),
      walked_(walk_json(request.body)),
      entry_(request.entry) {
  if (walked_.how_far == walked_json::progress::partial &&
      request.body.size() > max_quick_bytes && !request.may_take_long)
    status_ = again_elsewhere().status;
  else
    read();
}

void json_body::read() {
  switch (walked_.how_far) {  // No default: -Wswitch reports a missing case.
    case walked_json::progress::complete:
      return;
    case walked_json::progress::partial:
      parse();
      return;
    case walked_json::progress::too_deep:
      refuse_text(400, {"body"}, "JSON is nested too deeply", "json_invalid");
      return;
    case walked_json::progress::too_long:
      status_ = 413;
  }
}

void json_body::parse() {
  walked_.texts.clear();  // The parser reads them, too.
  // A parser may take a NUL for the end of the text.
  if (const auto end = text_.find('\0'); end != std::string_view::npos)
    return refuse_text(400, {"body", end + 1}, "JSON decode error",
                       "json_invalid");
  try {
    fields_ = json::parse(walked_.rest(text_));
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
  const auto input = status == 400 ? json::object() : whole();
  complaints_.push_back(complaint(std::move(location), message, type, input));
}

json json_body::whole() const {
  if (text_.size() > max_input)
    return json::value_t::discarded;
  return json::parse(text_, nullptr, false);
}

std::string json_body::string(const std::string& name) {
  const auto* value = require(name);
  return value == nullptr ? "" : read_string(name, *value);
}

std::optional<std::string> json_body::optional_string(const std::string& name) {
  if (const auto* text = find_text(name))
    return std::string{*text};
  const auto* value = find_value(name);
  return value == nullptr ? std::nullopt
                          : std::optional{read_string(name, *value)};
}

std::array<std::string, 2> json_body::string_pair(const std::string& name) {
  const auto* value = require(name);
  if (value == nullptr)
    return {};
  if (!value->is_array() || value->size() != 2 || !(*value)[0].is_string() ||
      !(*value)[1].is_string()) {
    complain(name, "Input should be a list of two strings", "list_type",
             *value);
    return {};
  }
  return {(*value)[0].get<std::string>(), (*value)[1].get<std::string>()};
}

token_view json_body::tokens() {
  if (walked_.tokens)
    return *walked_.tokens;
  const auto* value = require("tokens");
  return value == nullptr
           ? token_view{}
           : keep_tokens(read_list("tokens", *value, read_integer));
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
  const auto* value = find_value(name);
  return value == nullptr ? std::nullopt
                          : std::optional{read_list(name, *value, read_hash)};
}

std::optional<std::vector<std::uint32_t>> json_body::optional_integers(
  const std::string& name) {
  const auto* value = find_value(name);
  return value == nullptr
           ? std::nullopt
           : std::optional{read_list(name, *value, read_integer)};
}

bool json_body::bool_or(const std::string& name, bool fallback) {
  const auto* value = find_value(name);
  if (value == nullptr)
    return fallback;
  const auto reading = read_bool(*value);
  if (reading.type != nullptr)
    complain(name, reading.message, reading.type, *value);
  return reading.type == nullptr ? reading.value : fallback;
}

std::optional<std::chrono::milliseconds> json_body::optional_seconds(
  const std::string& name, std::chrono::milliseconds max) {
  using seconds = std::chrono::duration<double>;
  const auto* value = find_value(name);
  if (value == nullptr)
    return {};
  const auto reading = read_number(*value);
  const seconds result{reading.value};
  if (reading.type != nullptr) {
    complain(name, reading.message, reading.type, *value);
  } else if (result.count() <= 0) {
    complain(name, "Input should be greater than 0", "greater_than", *value);
  } else if (result > max) {
    complain(
      name,
      "Input should be less than or equal to " +
        std::to_string(std::chrono::floor<std::chrono::seconds>(max).count()),
      "less_than_equal", *value);
  } else {
    return std::chrono::ceil<std::chrono::milliseconds>(result);
  }
  return {};
}

std::optional<std::string> json_body::optional_choice(
  const std::string& name, std::span<const std::string_view> choices) {
  const auto* value = find_value(name);
  if (value == nullptr)
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
  complain(name, message, "enum", *value);
  return {};
}

void json_body::complain(const std::string& name, std::string_view message) {
  complain(name, message, "value_error", whole());
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
                         std::string_view type, const json& value) {
  complaints_.push_back(complaint({"body", name}, message, type, value));
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

const json* json_body::find_value(const std::string& name) {
  const auto* value = find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const json* json_body::require(const std::string& name) {
  const auto* value = find(name);
  if (value == nullptr && status_ == 200)
    complain(name, "Field required", "missing", whole());
  return value;
}

std::string json_body::read_string(const std::string& name, const json& value) {
  if (value.is_string())
    return value.get<std::string>();
  complain(name, "Input should be a valid string", "string_type", value);
  return {};
}

template <class Element>
std::vector<Element> json_body::read_list(
  const std::string& name, const json& list,
  value_reading<Element> (*read_one)(const json&)) {
  std::vector<Element> result;
  if (!list.is_array()) {
    complain(name, "Input should be a valid list", "list_type", list);
    return result;
  }
  result.reserve(list.size());
  for (const auto& element : list) {
    const auto reading = read_one(element);
    if (reading.type != nullptr && complaints_.size() < max_complaints)
      complaints_.push_back(complaint({"body", name, result.size()},
                                      reading.message, reading.type, element));
    result.push_back(reading.value);
  }
  return result;
}

}  // namespace kvc
