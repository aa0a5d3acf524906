#pragma once

#include "messages/lookup.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// A part of a prefix that one peer is to give.
struct fetch_share {
  peer_address peer;
  std::size_t begin = 0;  ///< The first chunk.
  std::size_t end = 0;    ///< Behind the last one.

  friend bool operator==(const fetch_share&, const fetch_share&) = default;
};

/// Divides the first `count` chunks of a prefix among its holders, as far as
/// they hold it. Prefers the longest prefix, then the least `load`, then peers
/// on `own_host`. What several hold is divided among a few of them.
std::vector<fetch_share> plan_fetch(
  std::vector<chunk_holder> holders, std::size_t count,
  const std::function<std::size_t(const worker_id&)>& load,
  const std::string& own_host);

}  // namespace kvc
