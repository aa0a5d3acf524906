#include "actors/index/prefix_merge.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvc {

namespace {

bool are_equal(std::span<const holder> a, std::span<const holder> b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

}  // namespace

void prefix_merge::begin(std::shared_ptr<const fleet_view> fleet,
                         std::string_view model) {
  if (fleet != fleet_ || model != model_)
    opening_.is_known = false;
  fleet_ = std::move(fleet);
  model_ = model;
  chunks_ = 0;
  if (instances_.size() < fleet_->instances.size())
    instances_.resize(fleet_->instances.size());
  if (workers_.size() < fleet_->live_epochs.size())
    workers_.resize(fleet_->live_epochs.size());
  survivors_.clear();
  matched_.clear();
  previous_.clear();
}

bool prefix_merge::add(std::span<const holder> holders) {
  const auto is_first = chunks_ == 0;
  if (is_first && opening_.is_known && are_equal(holders, opening_.holders)) {
    open_again();
  } else if (is_first || !are_equal(holders, previous_)) {
    ++stamp_;
    for (const auto h : holders)
      count(h);
    keep_whole_prefixes();
    previous_.assign(holders.begin(), holders.end());
    if (is_first)
      open();
  }
  ++chunks_;
  return !survivors_.empty();
}

/// Counts a rank once per chunk, however many of its locations and generations
/// hold the chunk.
void prefix_merge::count(holder h) {
  auto& worker = workers_[h.worker_slot];
  const auto index = fleet_->instance_of[h.worker_slot];
  auto& tally = instances_[index];
  if (worker.stamp != stamp_) {
    worker.stamp = stamp_;
    if (tally.stamp != stamp_) {
      tally.stamp = stamp_;
      tally.ranks = 0;
      tally.cpu_ranks = 0;
      if (chunks_ == 0)
        survivors_.push_back(index);
    }
    ++tally.ranks;
  }
  if (h.is_on_disk == 0 && worker.cpu_stamp != stamp_) {
    worker.cpu_stamp = stamp_;
    ++tally.cpu_ranks;
  }
}

/// Drops the survivors of which some rank does not hold the chunk.
void prefix_merge::keep_whole_prefixes() {
  const auto is_broken = [this](std::uint32_t index) {
    const auto& instance = fleet_->instances[index];
    auto& tally = instances_[index];
    if (tally.stamp != stamp_ || tally.ranks != instance.rank_count ||
        (chunks_ == 0 && instance.model != model_)) {
      tally.length = chunks_;
      return true;
    }
    tally.where =
      tally.cpu_ranks == instance.rank_count ? location::cpu : location::disk;
    return false;
  };
  std::erase_if(survivors_, is_broken);
}

/// Remembers the matches of the first chunk, ordered by name.
void prefix_merge::open() {
  std::sort(survivors_.begin(), survivors_.end());
  matched_ = survivors_;
  opening_.is_known = true;
  opening_.holders = previous_;
  opening_.matches.clear();
  for (const auto index : survivors_)
    opening_.matches.push_back({index, instances_[index].where});
}

void prefix_merge::open_again() {
  for (const auto& x : opening_.matches) {
    survivors_.push_back(x.instance);
    instances_[x.instance].where = x.where;
  }
  matched_ = survivors_;
  previous_ = opening_.holders;
}

prefix_matches prefix_merge::finish() {
  for (const auto index : survivors_)
    instances_[index].length = chunks_;
  // Instances are ordered by name, so their indexes order equals.
  const auto is_before = [this](auto a, auto b) {
    const auto& x = instances_[a];
    const auto& y = instances_[b];
    return x.length != y.length ? x.length > y.length : a < b;
  };
  if (!std::is_sorted(matched_.begin(), matched_.end(), is_before))
    std::sort(matched_.begin(), matched_.end(), is_before);
  prefix_matches result{{}, fleet_};
  result.views.reserve(matched_.size());
  for (const auto index : matched_)
    result.views.push_back({fleet_->instances[index].name,
                            instances_[index].where, instances_[index].length});
  return result;
}

}  // namespace kvc
