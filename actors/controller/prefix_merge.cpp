#include "actors/controller/prefix_merge.hpp"

#include <algorithm>
#include <cstring>

namespace kvc {

void prefix_merge::begin(const fleet_view& fleet, std::string_view model) {
  fleet_ = &fleet;
  model_ = model;
  chunks_ = 0;
  if (instances_.size() < fleet.instances.size())
    instances_.resize(fleet.instances.size());
  if (workers_.size() < fleet.live_epochs.size())
    workers_.resize(fleet.live_epochs.size());
  survivors_.clear();
  matched_.clear();
  previous_.clear();
}

bool prefix_merge::add(std::span<const holder> holders) {
  if (chunks_ == 0 || !is_previous(holders)) {
    ++stamp_;
    for (const auto h : holders)
      count(h);
    keep_whole_prefixes();
    previous_.assign(holders.begin(), holders.end());
  }
  ++chunks_;
  return !survivors_.empty();
}

/// The same holders as before extend the same prefixes.
bool prefix_merge::is_previous(std::span<const holder> holders) const {
  return holders.size() == previous_.size() &&
         (holders.empty() || std::memcmp(holders.data(), previous_.data(),
                                         holders.size_bytes()) == 0);
}

/// Counts a rank once, however many of its locations and generations hold the
/// chunk.
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

/// Keeps the instances of which all ranks hold the chunk.
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
  if (chunks_ == 0)
    matched_ = survivors_;
}

std::vector<prefix_match> prefix_merge::finish() {
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
  std::vector<prefix_match> result;
  result.reserve(matched_.size());
  for (const auto index : matched_)
    result.push_back({fleet_->instances[index].name, instances_[index].where,
                      instances_[index].length});
  return result;
}

}  // namespace kvc
