#include "actors/reporting/change_log.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace kvc {

namespace {

constexpr std::size_t smallest_compaction = std::size_t{64} * 1024;
constexpr std::size_t scan_limit =
  std::size_t{1024} * 1024;  ///< 8 MiB of keys.

/// What happened to a chunk since the log began.
struct fate {
  bool was_admitted_first = false;
  bool is_held = false;
};

}  // namespace

void change_log::add(location where, bool is_admission,
                     std::span<const std::uint64_t> hashes) {
  if (hashes.empty() || has_overflowed_)
    return;
  const auto count = static_cast<std::uint32_t>(hashes.size());
  const auto continues = first_run_ < runs_.size() &&
                         runs_.back().where == where &&
                         runs_.back().is_admission == is_admission;
  if (continues)
    runs_.back().count += count;
  else
    runs_.push_back({where, is_admission, count});
  keys_.insert(keys_.end(), hashes.begin(), hashes.end());
  evictions_ += is_admission ? 0 : hashes.size();
  has_scan_changes_ = has_scan_changes_ || is_scanning_;
  // Admissions alone cannot cancel out: they are what the worker holds.
  if (size() > std::max(compact_at_, smallest_compaction) &&
      evictions_ > size() / 4)
    compact();
}

void change_log::take(std::size_t max_keys, chunk_report& report) {
  while (max_keys > 0 && first_run_ < runs_.size()) {
    auto& run = runs_[first_run_];
    const auto count = std::min<std::size_t>(max_keys, run.count);
    const auto from = keys_.begin() + static_cast<std::ptrdiff_t>(first_key_);
    report.keys.keys.insert(report.keys.keys.end(), from,
                            from + static_cast<std::ptrdiff_t>(count));
    report.runs.push_back(
      {run.where, run.is_admission, static_cast<std::uint32_t>(count)});
    first_key_ += count;
    max_keys -= count;
    evictions_ -= run.is_admission ? 0 : count;
    run.count -= static_cast<std::uint32_t>(count);
    if (run.count == 0)
      ++first_run_;
  }
  if (is_empty()) {
    clear();
    has_scan_changes_ = false;
  } else if (first_key_ > size()) {
    drop_taken();
  }
}

void change_log::drop_taken() {
  runs_.erase(runs_.begin(),
              runs_.begin() + static_cast<std::ptrdiff_t>(first_run_));
  keys_.erase(keys_.begin(),
              keys_.begin() + static_cast<std::ptrdiff_t>(first_key_));
  first_run_ = 0;
  first_key_ = 0;
}

void change_log::begin_scan() {
  clear();
  is_scanning_ = true;
  has_scan_changes_ = false;
  has_overflowed_ = false;
}

void change_log::clear() {
  runs_.clear();
  keys_.clear();
  first_run_ = 0;
  first_key_ = 0;
  compact_at_ = 0;
  evictions_ = 0;
}

/// Keeps the final state of each chunk. A chunk that is held as it was before
/// is dropped, unless a scan may have found it otherwise in between.
void change_log::compact() {
  ++reorderings_;
  std::array<std::unordered_map<std::uint64_t, fate>, location_count> fates;
  auto key = first_key_;
  for (auto run = first_run_; run < runs_.size(); ++run) {
    const auto& r = runs_[run];
    auto& of_location = fates[static_cast<std::size_t>(r.where)];
    for (std::uint32_t i = 0; i < r.count; ++i) {
      auto [it, is_first] = of_location.try_emplace(keys_[key++]);
      if (is_first)
        it->second.was_admitted_first = r.is_admission;
      it->second.is_held = r.is_admission;
    }
  }
  clear();
  for (std::size_t where = 0; where < location_count; ++where) {
    for (const auto is_admission : {false, true}) {
      const auto before = keys_.size();
      for (const auto& [hash, f] : fates[where]) {
        const auto was_held = !f.was_admitted_first;
        const auto has_changed = has_scan_changes_ || f.is_held != was_held;
        if (f.is_held == is_admission && has_changed)
          keys_.push_back(hash);
      }
      const auto count = static_cast<std::uint32_t>(keys_.size() - before);
      if (count > 0)
        runs_.push_back({static_cast<location>(where), is_admission, count});
      evictions_ += is_admission ? 0 : count;
    }
  }
  compact_at_ = 2 * size();
  has_overflowed_ = has_scan_changes_ && size() > scan_limit;
}

}  // namespace kvc
