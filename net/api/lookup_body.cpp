#include "net/api/lookup_body.hpp"

#include "net/api/json_body.hpp"
#include "net/http/router.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace kvc {

namespace {

using hash_list = std::vector<std::uint64_t>;

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\n\r"), text.size()));
}

/// Removes blanks and then `c`, if it is there.
bool take(std::string_view& text, char c) {
  skip_blanks(text);
  if (text.empty() || text.front() != c)
    return false;
  text.remove_prefix(1);
  return true;
}

/// Removes a string of printable ASCII without escapes.
std::optional<std::string_view> take_string(std::string_view& text) {
  if (!take(text, '"'))
    return {};
  const auto end = std::find_if(text.begin(), text.end(), [](char c) {
    return c < ' ' || c > '~' || c == '"' || c == '\\';
  });
  if (end == text.end() || *end != '"')
    return {};
  const auto result =
    text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(result.size() + 1);
  return result;
}

/// Removes an integer of 64 bits, signed or unsigned.
std::optional<std::uint64_t> take_hash(std::string_view& text) {
  skip_blanks(text);
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.starts_with('0') && digits.size() > 1 && digits[1] >= '0' &&
      digits[1] <= '9')
    return {};
  const auto* const end = text.data() + text.size();
  std::uint64_t hash = 0;
  std::int64_t negative = 0;
  const auto read = text.starts_with('-')
                      ? std::from_chars(text.data(), end, negative)
                      : std::from_chars(text.data(), end, hash);
  if (read.ec != std::errc{})
    return {};
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return hash | static_cast<std::uint64_t>(negative);
}

std::optional<hash_list> take_hashes(std::string_view& text) {
  hash_list hashes;
  if (!take(text, '['))
    return {};
  if (take(text, ']'))
    return hashes;
  do {
    const auto hash = take_hash(text);
    if (!hash)
      return {};
    hashes.push_back(*hash);
  } while (take(text, ','));
  if (!take(text, ']'))
    return {};
  return hashes;
}

/// Removes a field. Returns false if it is not a usual one.
bool take_field(std::string_view& text, lookup_body& result, bool& has_tokens) {
  const auto key = take_string(text);
  if (!key || !take(text, ':'))
    return false;
  skip_blanks(text);
  if (*key == "tokens") {
    const auto tokens = read_token_list(text);
    has_tokens = true;
    result.tokens = tokens.value_or(token_view{});
    return tokens.has_value();
  }
  if (*key == "hashes") {
    result.hashes = take_hashes(text);
    return result.hashes.has_value();
  }
  const auto model = *key == "model" ? take_string(text) : std::nullopt;
  result.model = model.value_or("");
  return model.has_value();
}

/// Reads whatever LMCache's clients may send.
std::variant<lookup_body, http_response> read_exact_lookup(
  const http_request& request) {
  json_body body{request};
  lookup_body result;
  result.hashes = body.optional_hashes("hashes");
  if (!result.hashes)
    result.tokens = keep_tokens(body.tokens());
  else if (body.optional_tokens())
    body.complain("hashes", "Give either tokens or hashes", "value_error");
  result.model = body.string_or("model", "");
  if (auto refusal = body.refusal())
    return std::move(*refusal);
  return result;
}

std::variant<lookup_body, http_response> read_binary_lookup(
  const http_request& request) {
  auto complaints = nlohmann::json::array();
  if (request.body.size() % sizeof(std::uint32_t) != 0)
    complaints.push_back(complaint(
      {"body"},
      "The length should be a multiple of 4: a little-endian integer of 32 "
      "bits for each token",
      "bytes_length"));
  for (const auto& name : request.parameter_names())
    if (name != "model")
      complaints.push_back(complaint({"query", name},
                                     "There is no such option: model is one",
                                     "extra_forbidden"));
  if (!complaints.empty())
    return unprocessable(complaints);
  lookup_body result;
  result.tokens = read_token_bytes(request.body);
  result.model = request.parameter("model").value_or("");
  return result;
}

}  // namespace

std::optional<lookup_body> read_usual_lookup(std::string_view text) {
  lookup_body result;
  bool has_tokens = false;
  if (!take(text, '{'))
    return {};
  do {
    if (!take_field(text, result, has_tokens))
      return {};
  } while (take(text, ','));
  if (!take(text, '}') || has_tokens == result.hashes.has_value())
    return {};
  skip_blanks(text);
  if (!text.empty())
    return {};
  return result;
}

std::variant<lookup_body, http_response> read_lookup(
  const http_request& request) {
  if (is_binary(request.content_type))
    return read_binary_lookup(request);
  if (auto usual = read_usual_lookup(request.body))
    return std::move(*usual);
  return read_exact_lookup(request);
}

}  // namespace kvc
