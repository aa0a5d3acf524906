#pragma once

#include "net/http/client.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace kvc {

/// What a load of lookups came to.
struct load_result {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  std::uint64_t failures = 0;  ///< Answers other than 200 with a layout.
};

/// Sends the bodies to /lookup in turn over `connections` at once, each waiting
/// for its answer before the next, for `duration`.
load_result run_lookup_load(const http_client_options& target,
                            const std::vector<std::string>& bodies,
                            std::size_t connections,
                            std::chrono::milliseconds duration);

/// Writes `{"tokens": [...]}`.
std::string lookup_body(const std::vector<std::uint32_t>& tokens);

}  // namespace kvc
