#include "apps/bench/http/lookup_bodies.hpp"

namespace kvc {

std::string lookup_body(const std::vector<std::uint32_t>& tokens) {
  std::string body = R"({"tokens":[)";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0)
      body += ',';
    body += std::to_string(tokens[i]);
  }
  return body + "]}";
}

std::string binary_lookup_body(const std::vector<std::uint32_t>& tokens) {
  std::string body;
  body.reserve(4 * tokens.size());
  for (const auto token : tokens)
    for (unsigned shift = 0; shift < 32; shift += 8)
      body += static_cast<char>(token >> shift & 0xFFU);
  return body;
}

}  // namespace kvc
