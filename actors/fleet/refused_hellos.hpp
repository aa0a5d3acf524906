#pragma once

#include "messages/errors.hpp"
#include "messages/registry.hpp"

#include <vector>

namespace kvc {

/// Remembers who was refused within the last hour, at most 256 of them.
class refused_hellos {
 public:
  /// Returns whether this is the first refusal of the worker, at its address,
  /// for this reason.
  bool add(const worker_profile& profile, const caf::error& why,
           std::int64_t now_ms);

  /// Does the same for what may contain anything.
  bool add(refusal fresh, std::int64_t now_ms);

  /// Returns the refusals, newest first.
  std::vector<refusal> list(std::int64_t now_ms) const;

 private:
  std::vector<refusal> refusals_;
};

}  // namespace kvc
