#pragma once

#include "net/api/token_list.hpp"
#include "net/http/exchange.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kvc {

/// What a request for /lookup asks.
struct lookup_body {
  token_view tokens;
  std::optional<std::vector<std::uint64_t>> hashes;  ///< Instead of tokens.
  std::string model;
};

/// Reads JSON, or tokens as application/octet-stream with the options in the
/// query. Returns the answer to a bad request instead. The tokens are valid
/// until the thread reads the next ones.
std::variant<lookup_body, http_response> read_lookup(
  const http_request& request);

}  // namespace kvc
