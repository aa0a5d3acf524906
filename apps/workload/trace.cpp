#include "apps/workload/trace.hpp"

#include "apps/workload/private_file.hpp"
#include "apps/workload/splitmix64.hpp"
#include "messages/errors.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kvc {

namespace {

using json = nlohmann::json;

/// Returns the unsigned integer `field`, if it is one and not above `limit`.
std::optional<std::uint64_t> number(const json& object, const char* field,
                                    std::uint64_t limit) {
  const auto it = object.find(field);
  if (it == object.end() || !it->is_number_unsigned())
    return std::nullopt;
  const auto value = it->get<std::uint64_t>();
  return value <= limit ? std::optional{value} : std::nullopt;
}

std::optional<std::vector<std::uint64_t>> block_ids(const json& object,
                                                    const char* field) {
  const auto it = object.find(field);
  if (it == object.end() || !it->is_array())
    return std::nullopt;
  std::vector<std::uint64_t> result;
  for (const auto& id : *it) {
    if (!id.is_number_unsigned())
      return std::nullopt;
    result.push_back(id.get<std::uint64_t>());
  }
  return result;
}

}  // namespace

trace_reader::trace_reader(std::unique_ptr<std::istream> input,
                           std::string name)
    : input_(std::move(input)),
      name_(std::move(name)),
      buffer_(max_line_bytes + 1) {}

caf::expected<trace_reader> trace_reader::open(const std::string& path) {
  auto file = std::make_unique<private_file>(path, std::ios::in);
  if (!*file)
    return caf::make_error(errc::invalid_request, "cannot read " + path);
  return trace_reader{std::move(file), path};
}

caf::expected<std::optional<trace_request>> trace_reader::next() {
  if (copies_left_ == 0) {
    auto request = read();
    if (!request || !*request)
      return request;
    last_ = std::move(**request);
    copies_left_ = copies_;
  }
  --copies_left_;
  auto result = last_;
  if (const auto copy = copies_ - 1 - copies_left_; copy > 0)
    for (auto& id : result.hash_ids)
      id = splitmix64(splitmix64(id) + copy);
  return std::optional{std::move(result)};
}

caf::expected<std::optional<trace_request>> trace_reader::read() {
  std::string_view line;
  do {
    ++line_number_;
    input_->getline(buffer_.data(),
                    static_cast<std::streamsize>(buffer_.size()));
    if (input_->bad())
      return fail("cannot be read");
    if (input_->gcount() == 0)
      return std::optional<trace_request>{};
    if (input_->fail())
      return fail("longer than " + std::to_string(max_line_bytes) + " bytes");
    line = buffer_.data();
  } while (line.find_first_not_of(" \t\r") == std::string_view::npos);
  auto request = parse(line);
  if (!request)
    return std::move(request.error());
  return std::optional{std::move(*request)};
}

caf::error trace_reader::fail(const std::string& what) const {
  return caf::make_error(
    errc::invalid_request,
    name_ + ':' + std::to_string(line_number_) + ": " + what);
}

caf::expected<trace_request> trace_reader::parse(std::string_view line) const {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object())
    return fail("not a JSON object");
  const auto timestamp = number(object, "timestamp", UINT32_MAX);
  if (!timestamp)
    return fail("timestamp is no number of milliseconds");
  const auto input = number(object, "input_length", max_prompt_tokens);
  if (!input)
    return fail("input_length is no number of tokens up to " +
                std::to_string(max_prompt_tokens));
  const auto output = number(object, "output_length", UINT32_MAX);
  if (!output)
    return fail("output_length is no number of tokens");
  auto ids = block_ids(object, "hash_ids");
  if (!ids)
    return fail("hash_ids is no list of block ids");
  const auto blocks =
    (*input + trace_request::block_tokens - 1) / trace_request::block_tokens;
  if (ids->size() != blocks)
    return fail(std::to_string(ids->size()) + " hash_ids for " +
                std::to_string(*input) + " tokens");
  return trace_request{.timestamp = std::chrono::milliseconds{*timestamp},
                       .input_length = static_cast<std::uint32_t>(*input),
                       .output_length = static_cast<std::uint32_t>(*output),
                       .hash_ids = std::move(*ids)};
}

std::vector<std::uint32_t> prompt_tokens(const trace_request& request) {
  constexpr std::uint64_t block = trace_request::block_tokens;
  std::vector<std::uint32_t> result;
  result.reserve(request.input_length);
  for (const auto id : request.hash_ids) {
    const auto rest = request.input_length - result.size();
    const auto count = std::min<std::uint64_t>(block, rest);
    for (std::uint64_t j = 0; j < count; ++j)
      result.push_back(
        static_cast<std::uint32_t>(splitmix64(id * block + j) & 0xFFFFU));
  }
  return result;
}

}  // namespace kvc
