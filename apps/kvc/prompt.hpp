#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// What to look up.
struct prompt {
  std::vector<std::uint32_t> tokens;
  std::string model;  ///< "" if not given.
};

/// Reads "1,2,3"; spaces around the numbers are fine, and so is no number at
/// all. Fails with invalid_request, naming the place.
caf::expected<prompt> parse_token_list(std::string_view text);

/// Reads a JSON array of tokens, or an object with `tokens` and maybe `model`,
/// as /lookup takes it. Fails with invalid_request, naming the place.
caf::expected<prompt> parse_prompt(std::string_view json);

/// Reads parse_prompt's JSON from a file, or from standard input if `path` is
/// "-". Fails with invalid_request if there are more than 64 MiB.
caf::expected<prompt> read_prompt(const std::string& path);

/// Where the command line says a prompt is, at most in one place. An empty list
/// of tokens is a prompt, too.
struct prompt_source {
  std::optional<std::string> tokens = {};  ///< As parse_token_list takes them.
  std::optional<std::string> file = {};    ///< As read_prompt takes it.

  bool is_given() const { return tokens || file; }

  /// Must be given. Fails with invalid_request, naming the place.
  caf::expected<prompt> read() const;
};

}  // namespace kvc
