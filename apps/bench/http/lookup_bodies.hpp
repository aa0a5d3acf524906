#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kvc {

/// Writes `{"tokens": [...]}`.
std::string lookup_body(const std::vector<std::uint32_t>& tokens);

/// Writes the tokens as /lookup takes them as application/octet-stream.
std::string binary_lookup_body(const std::vector<std::uint32_t>& tokens);

}  // namespace kvc
