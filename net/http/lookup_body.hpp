#pragma once

#include "net/http/exchange.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// The body of a /lookup.
struct lookup_body {
  std::vector<std::uint32_t> tokens;
  std::string model;
};

/// Reads the usual form, `{"tokens": [...], "model": "..."}` with plain
/// non-negative integers, at memory speed. Returns nothing for all else, right
/// or wrong: json_body then tells which.
std::optional<lookup_body> read_usual_lookup(const http_request& request);

}  // namespace kvc
