#pragma once

#include "net/api/token_list.hpp"
#include "net/http/exchange.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kvc {

/// The body of a /lookup.
struct lookup_body {
  token_view tokens;
  std::optional<std::vector<std::uint64_t>> hashes;  ///< Instead of tokens.
  std::string model;
};

/// Reads JSON, or tokens as application/octet-stream with the options in the
/// query. Returns the answer to a bad request instead.
std::variant<lookup_body, http_response> read_lookup(
  const http_request& request);

/// Reads the usual forms, `{"tokens": [...], "model": "..."}` and the same with
/// hashes, at memory speed. Returns nothing for all else, right or wrong.
std::optional<lookup_body> read_usual_lookup(std::string_view text);

}  // namespace kvc
