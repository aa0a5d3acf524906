#pragma once

#include <caf/expected.hpp>

#include <chrono>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// One request of a Mooncake trace.
struct trace_request {
  /// Tokens in the block of one hash id.
  static constexpr std::uint32_t block_tokens = 512;

  std::chrono::milliseconds timestamp{0};  ///< From the start of the trace.
  std::uint32_t input_length = 0;          ///< Tokens.
  std::uint32_t output_length = 0;         ///< Tokens.
  std::vector<std::uint64_t> hash_ids;     ///< Equal ids are equal prefixes.

  friend bool operator==(const trace_request&, const trace_request&) = default;
};

/// Reads a Mooncake trace, one JSON object a line, request by request.
class trace_reader {
 public:
  /// Lines and prompts longer than these are refused.
  static constexpr std::size_t max_line_bytes = std::size_t{1} << 20U;
  static constexpr std::uint32_t max_prompt_tokens = std::uint32_t{1} << 22U;

  /// Reads from `input`, called `name` in errors.
  trace_reader(std::unique_ptr<std::istream> input, std::string name);

  /// Fails with invalid_request if the file cannot be read.
  static caf::expected<trace_reader> open(const std::string& path);

  /// Returns the next request, or nothing at the end. Fails with
  /// invalid_request, naming line and field, if the line is not one.
  caf::expected<std::optional<trace_request>> next();

  /// Makes next() return each request so many times; positive. The copies share
  /// no block ids, as if so many crowds asked at the same times.
  void repeat(std::uint32_t copies) { copies_ = copies; }

 private:
  caf::expected<std::optional<trace_request>> read();
  caf::error fail(const std::string& what) const;
  caf::expected<trace_request> parse(std::string_view line) const;

  std::unique_ptr<std::istream> input_;
  std::string name_;
  std::vector<char> buffer_;
  std::size_t line_number_ = 0;
  std::uint32_t copies_ = 1;
  std::uint32_t copies_left_ = 0;  ///< Of the last request.
  trace_request last_;
};

/// Makes up the prompt of a request: the tokens of its blocks, cut to its
/// input_length. The same block always gets the same tokens.
std::vector<std::uint32_t> prompt_tokens(const trace_request& request);

}  // namespace kvc
