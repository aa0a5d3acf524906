#pragma once

#include "messages/lookup.hpp"

#include <memory>
#include <vector>

namespace kvc::test {

/// Returns what a lookup_source that found these would.
inline prefix_matches view_of(const std::vector<prefix_match>& matches) {
  const auto kept = std::make_shared<const std::vector<prefix_match>>(matches);
  prefix_matches result{{}, kept};
  for (const auto& x : *kept)
    result.views.push_back({x.instance, x.where, x.chunks});
  return result;
}

}  // namespace kvc::test
