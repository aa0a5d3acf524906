#include "actors/store/disk_queue.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace kvc {

void disk_queue::push(kept_chunk chunk, batch offered_with, time_point now) {
  bytes_ += chunk.bytes.size();
  waiting_.insert(chunk.chunk.hash);
  chunks_.push_back({std::move(chunk), std::move(offered_with), now});
  if (!std::exchange(is_awake_, true) && wake_)
    wake_();
}

std::optional<disk_queue::time_point> disk_queue::waits_since() const {
  if (chunks_.empty())
    return std::nullopt;
  return chunks_.front().since;
}

void disk_queue::on_work(std::function<void()> wake) {
  wake_ = std::move(wake);
  if (wake_ && !chunks_.empty())
    wake_();
}

std::optional<kept_chunk> disk_queue::begin() {
  assert(!is_writing_);
  is_awake_ = !chunks_.empty();
  if (chunks_.empty())
    return std::nullopt;
  is_writing_ = true;
  return chunks_.front().kept;
}

disk_queue::finished disk_queue::pop() {
  assert(is_writing_);
  auto [kept, offered_with, since] = std::move(chunks_.front());
  chunks_.pop_front();
  bytes_ -= kept.bytes.size();
  is_writing_ = false;
  is_awake_ = !chunks_.empty();
  const auto is_last =
    chunks_.empty() || chunks_.front().offered_with != offered_with;
  finished result{std::exchange(is_cancelled_, false),
                  is_last ? std::move(offered_with) : nullptr};
  if (!result.is_cancelled)
    waiting_.erase(kept.chunk.hash);
  return result;
}

std::optional<kept_chunk> disk_queue::drop(std::uint64_t hash) {
  if (waiting_.erase(hash) == 0)
    return std::nullopt;
  const auto is_it = [hash](const auto& x) {
    return x.kept.chunk.hash == hash;
  };
  // A cancelled one of this name may come first.
  const auto first = chunks_.begin() + (is_cancelled_ ? 1 : 0);
  const auto found = std::find_if(first, chunks_.end(), is_it);
  if (is_writing_ && found == chunks_.begin()) {
    is_cancelled_ = true;
    return std::nullopt;
  }
  auto result = std::move(found->kept);
  bytes_ -= result.bytes.size();
  chunks_.erase(found);
  return result;
}

std::vector<kept_chunk> disk_queue::drop_all() {
  std::vector<kept_chunk> result;
  while (chunks_.size() > (is_writing_ ? 1 : 0)) {
    auto& last = chunks_.back().kept;
    bytes_ -= last.bytes.size();
    waiting_.erase(last.chunk.hash);
    result.push_back(std::move(last));
    chunks_.pop_back();
  }
  return result;
}

bool disk_queue::check() const {
  std::uint64_t bytes = 0;
  for (const auto& x : chunks_)
    bytes += x.kept.bytes.size();
  return bytes == bytes_ && bytes <= max_bytes_ &&
         waiting_.size() + (is_cancelled_ ? 1 : 0) == chunks_.size();
}

}  // namespace kvc
