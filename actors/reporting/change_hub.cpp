#include "actors/reporting/change_hub.hpp"

#include "messages/registry.hpp"

namespace kvc {

void change_hub::start(layout shards, wake_function wake) {
  const std::lock_guard lock{mutex_};
  layout_ = shards;
  wake_ = std::move(wake);
  outboxes_.clear();
  outboxes_.resize(shards.shard_count);
}

void change_hub::stop() {
  const std::lock_guard lock{mutex_};
  layout_ = {};
  outboxes_.clear();
  wake_ = nullptr;
}

void change_hub::chunks_admitted(location where,
                                 std::span<const std::uint64_t> hashes) {
  add(where, true, hashes);
}

void change_hub::chunks_evicted(location where,
                                std::span<const std::uint64_t> hashes) {
  add(where, false, hashes);
}

void change_hub::add(location where, bool is_admission,
                     std::span<const std::uint64_t> hashes) {
  const std::lock_guard lock{mutex_};
  if (outboxes_.size() == 1) {
    add_to(0, where, is_admission, hashes);
    return;
  }
  if (outboxes_.empty())
    return;
  for (const auto hash : hashes)
    outboxes_[shard_of(hash, layout_.key_multiplier, outboxes_.size())]
      .part.push_back(hash);
  for (std::size_t shard = 0; shard < outboxes_.size(); ++shard) {
    add_to(shard, where, is_admission, outboxes_[shard].part);
    outboxes_[shard].part.clear();
  }
}

void change_hub::add_to(std::size_t shard, location where, bool is_admission,
                        std::span<const std::uint64_t> hashes) {
  auto& target = outboxes_[shard];
  target.log.add(where, is_admission, hashes);
  if (target.wants_wake && !target.log.is_empty()) {
    target.wants_wake = false;
    wake_(shard);
  }
}

bool change_hub::take(std::size_t shard, std::size_t max_keys,
                      chunk_report& report) {
  const std::lock_guard lock{mutex_};
  if (shard >= outboxes_.size())
    return false;
  auto& source = outboxes_[shard];
  const auto has_changes = !source.log.is_empty();
  if (has_changes)
    source.log.take(max_keys, report);
  else
    source.wants_wake = true;
  return has_changes;
}

void change_hub::begin_scan(std::size_t shard) {
  const std::lock_guard lock{mutex_};
  if (shard < outboxes_.size())
    outboxes_[shard].log.begin_scan();
}

void change_hub::end_scan(std::size_t shard) {
  const std::lock_guard lock{mutex_};
  if (shard < outboxes_.size())
    outboxes_[shard].log.end_scan();
}

bool change_hub::has_overflowed(std::size_t shard) const {
  const std::lock_guard lock{mutex_};
  return shard < outboxes_.size() && outboxes_[shard].log.has_overflowed();
}

std::size_t change_hub::backlog(std::size_t shard) const {
  const std::lock_guard lock{mutex_};
  return shard < outboxes_.size() ? outboxes_[shard].log.size() : 0;
}

std::uint64_t change_hub::reorderings(std::size_t shard) const {
  const std::lock_guard lock{mutex_};
  return shard < outboxes_.size() ? outboxes_[shard].log.reorderings() : 0;
}

change_hub::layout change_hub::shards() const {
  const std::lock_guard lock{mutex_};
  return layout_;
}

}  // namespace kvc
