#pragma once

#include "actors/reporting/change_log.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

namespace kvc::test {

using keys = std::vector<std::uint64_t>;
using runs = std::vector<report_run>;

inline constexpr std::size_t compaction =
  std::size_t{64} * 1024;  ///< The log may reach this.
inline constexpr std::size_t scan_limit = std::size_t{1024} * 1024;

inline keys range(std::uint64_t from, std::size_t count) {
  keys result(count);
  std::iota(result.begin(), result.end(), from);
  return result;
}

inline void admit(change_log& log, const keys& hashes,
                  location where = location::cpu) {
  log.add(where, true, hashes);
}

inline void evict(change_log& log, const keys& hashes,
                  location where = location::cpu) {
  log.add(where, false, hashes);
}

inline constexpr std::size_t filling = compaction / 2 + 1;

/// Makes a small log compact itself; nothing is left of these chunks.
inline void force_compaction(change_log& log) {
  admit(log, range(1U << 30U, filling));
  evict(log, range(1U << 30U, filling));
}

inline chunk_report take(change_log& log, std::size_t max_keys = 1U << 30U) {
  chunk_report report;
  log.take(max_keys, report);
  return report;
}

inline keys sorted(keys unsorted) {
  std::sort(unsorted.begin(), unsorted.end());
  return unsorted;
}

}  // namespace kvc::test
