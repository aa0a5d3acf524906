#include "apps/kvc/prompt.hpp"

#include "messages/errors.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iostream>

namespace kvc {

namespace {

constexpr std::size_t max_file_bytes = 64U << 20U;

caf::error refuse(const std::string& detail) {
  return caf::make_error(errc::invalid_request, detail);
}

caf::error refuse_token(std::size_t index, const std::string& text) {
  return refuse("token " + std::to_string(index) + " is not an integer in 0.." +
                std::to_string(UINT32_MAX) + ": " + text.substr(0, 40));
}

std::string_view trim(std::string_view text) {
  const auto first = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

/// Returns what is in `input`, or nothing if that is over the limit.
std::optional<std::string> read_all(std::istream& input) {
  std::string text;
  std::array<char, 1U << 16U> block;
  while (input.read(block.data(), block.size()) || input.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(input.gcount()));
    if (text.size() > max_file_bytes)
      return std::nullopt;
  }
  return text;
}

}  // namespace

caf::expected<prompt> parse_token_list(std::string_view text) {
  prompt result;
  if (trim(text).empty())
    return result;
  for (bool is_last = false; !is_last;) {
    const auto item = text.substr(0, text.find(','));
    is_last = item.size() == text.size();
    text.remove_prefix(is_last ? item.size() : item.size() + 1);
    const auto digits = trim(item);
    const auto* end = digits.data() + digits.size();
    std::uint32_t token = 0;
    const auto [rest, error] = std::from_chars(digits.data(), end, token);
    if (error != std::errc{} || rest != end)
      return refuse_token(result.tokens.size(),
                          '"' + std::string{digits} + '"');
    result.tokens.push_back(token);
  }
  return result;
}

caf::expected<prompt> parse_prompt(std::string_view json) {
  const auto document = nlohmann::json::parse(json, nullptr, false);
  if (document.is_discarded())
    return refuse("not JSON");
  prompt result;
  const auto* tokens = &document;
  if (document.is_object()) {
    if (!document.contains("tokens"))
      return refuse("there is no \"tokens\"");
    tokens = &document["tokens"];
    const auto model = document.value("model", nlohmann::json(""));
    if (!model.is_string())
      return refuse("\"model\" is not a string");
    result.model = model.get<std::string>();
  }
  if (!tokens->is_array())
    return refuse("the tokens are not an array");
  for (const auto& token : *tokens) {
    if (!token.is_number_unsigned() || token.get<std::uint64_t>() > UINT32_MAX)
      return refuse_token(result.tokens.size(), token.dump());
    result.tokens.push_back(token.get<std::uint32_t>());
  }
  return result;
}

caf::expected<prompt> read_prompt(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file)
      return refuse(path + ": cannot be read");
  }
  auto& input = path == "-" ? std::cin : static_cast<std::istream&>(file);
  const auto text = read_all(input);
  if (!text)
    return refuse(path + ": larger than 64 MiB");
  auto result = parse_prompt(*text);
  if (!result)
    return refuse(path + ": " +
                  result.error().context().get_as<std::string>(0));
  return result;
}

caf::expected<prompt> prompt_source::read() const {
  return file ? read_prompt(*file) : parse_token_list(tokens.value());
}

}  // namespace kvc
