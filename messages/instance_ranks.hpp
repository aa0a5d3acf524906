#pragma once

#include "messages/registry.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

// All of these take workers that are ordered by id, as the registry lists them.

/// Splits workers into those of each instance. `workers` must outlive the
/// result.
std::vector<std::span<const worker_record>> by_instance(
  std::span<const worker_record> workers);

/// Returns how many ranks the instance of these workers, at least one, has. A
/// lost worker may have announced what is no longer so, and counts only if all
/// are lost.
std::uint32_t announced_ranks(std::span<const worker_record> instance);

/// Returns the ranks that the instance of these workers, at least one, has
/// announced and that none of them is; ascending.
std::vector<std::uint32_t> missing_ranks(
  std::span<const worker_record> instance);

}  // namespace kvc
