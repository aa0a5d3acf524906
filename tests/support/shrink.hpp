#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace kvc::test {

/// Returns a part of `steps` for which `fails` is true still and of which no
/// single step can be left out. `fails(steps)` must be true.
template <class Step, class Predicate>
std::vector<Step> shrink(std::vector<Step> steps, const Predicate& fails) {
  const auto leave_out = [&](std::size_t size) {
    bool is_shorter = false;
    for (std::size_t at = 0; at < steps.size();) {
      auto rest = steps;
      const auto begin = rest.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = std::min(size, rest.size() - at);
      rest.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
      if (fails(rest)) {
        steps = std::move(rest);
        is_shorter = true;
      } else {
        at += count;
      }
    }
    return is_shorter;
  };
  for (auto size = steps.size() / 2; size > 1; size /= 2)
    leave_out(size);
  while (leave_out(1)) {
  }
  return steps;
}

}  // namespace kvc::test
