#include "net/http/lookup_body.hpp"

#include <simdjson.h>

#include <limits>

namespace kvc {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kept_parser_bytes = 1024UL * 1024;

bool read_tokens(ondemand::value value, std::vector<std::uint32_t>& tokens) {
  tokens.clear();  // Of a repeated field the last one counts.
  ondemand::array list;
  if (value.get_array().get(list) != simdjson::SUCCESS)
    return false;
  for (auto element : list) {
    std::uint64_t token = 0;
    if (element.get_uint64().get(token) != simdjson::SUCCESS ||
        token > std::numeric_limits<std::uint32_t>::max())
      return false;
    tokens.push_back(static_cast<std::uint32_t>(token));
  }
  return true;
}

bool read_field(ondemand::field field, lookup_body& result, bool& has_tokens) {
  const auto key = field.key();
  if (key == "tokens") {
    has_tokens = true;
    return read_tokens(field.value(), result.tokens);
  }
  std::string_view model;
  if (key != "model" ||
      field.value().get_string().get(model) != simdjson::SUCCESS)
    return false;
  result.model = model;
  return true;
}

bool read_object(ondemand::parser& parser, simdjson::padded_string_view text,
                 lookup_body& result) {
  ondemand::document document;
  ondemand::object object;
  bool has_tokens = false;
  if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS)
    return false;
  for (auto field : object) {
    ondemand::field each;
    if (std::move(field).get(each) != simdjson::SUCCESS ||
        !read_field(each, result, has_tokens))
      return false;
  }
  // Bytes behind the object are left to the exact reader.
  const char* end = nullptr;
  return has_tokens &&
         document.current_location().get(end) != simdjson::SUCCESS;
}

}  // namespace

std::optional<lookup_body> read_usual_lookup(const http_request& request) {
  const auto body = request.body;
  if (request.readable_bytes < body.size() + simdjson::SIMDJSON_PADDING)
    return {};
  thread_local ondemand::parser parser;
  lookup_body result;
  result.tokens.reserve(body.size() / 5);
  const bool is_usual =
    read_object(parser,
                simdjson::padded_string_view{body.data(), body.size(),
                                             request.readable_bytes},
                result);
  // Its tables take four bytes for each of a body: too much to keep for ever.
  if (parser.capacity() > kept_parser_bytes)
    parser = ondemand::parser{};
  if (!is_usual)
    return {};
  return result;
}

}  // namespace kvc
