#include "actors/store/disk_queue.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace kvc {

namespace {

constexpr std::chrono::seconds longest_wait{30};

}  // namespace

offer_result disk_queue::offer(
  std::span<kept_chunk> chunks, const batch& hashes,
  const std::function<bool(std::uint64_t)>& is_here, time_point now) {
  offer_result result;
  for (auto& x : chunks) {
    if (is_here(x.chunk.hash) || contains(x.chunk.hash))
      continue;
    if (!has_room(x.bytes.size())) {
      ++result.refused;
      continue;
    }
    push(std::move(x), hashes, now);
    ++result.taken;
  }
  result.is_overflow = result.refused > 0 && !is_stopped_ && !is_full_;
  is_full_ = is_full_ || result.is_overflow;
  return result;
}

void disk_queue::push(kept_chunk chunk, const batch& offered_with,
                      time_point now) {
  bytes_ += chunk.bytes.size();
  waiting_.insert(chunk.chunk.hash);
  chunks_.push_back({std::move(chunk), offered_with, now});
  if (!std::exchange(is_awake_, true) && wake_)
    wake_();
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
  auto result = chunks_.front().kept;
  chunks_.front().kept.owner.reset();  // It is for the caller to end it.
  return result;
}

disk_queue::finished disk_queue::pop() {
  assert(is_writing_);
  auto [kept, offered_with, since] = std::move(chunks_.front());
  chunks_.pop_front();
  bytes_ -= kept.bytes.size();
  is_writing_ = false;
  is_awake_ = !chunks_.empty();
  is_full_ = is_full_ && !chunks_.empty();
  const auto is_last =
    chunks_.empty() || chunks_.front().offered_with != offered_with;
  finished result{std::exchange(is_cancelled_, false),
                  is_last ? std::move(offered_with) : nullptr};
  if (!result.is_cancelled)
    waiting_.erase(kept.chunk.hash);
  return result;
}

const kept_chunk* disk_queue::find(std::uint64_t hash) const {
  if (!contains(hash))
    return nullptr;
  const auto found = std::find_if(
    first(), chunks_.end(),
    [hash](const waiting_chunk& x) { return x.kept.chunk.hash == hash; });
  return &found->kept;
}

std::vector<std::uint64_t> disk_queue::waiting() const {
  std::vector<std::uint64_t> result;
  result.reserve(waiting_.size());
  std::transform(first(), chunks_.end(), std::back_inserter(result),
                 [](const waiting_chunk& x) { return x.kept.chunk.hash; });
  return result;
}

std::optional<kept_chunk> disk_queue::drop(std::uint64_t hash) {
  if (waiting_.erase(hash) == 0)
    return std::nullopt;
  const auto is_it = [hash](const auto& x) {
    return x.kept.chunk.hash == hash;
  };
  // A cancelled one of this name may come first.
  const auto found = std::find_if(chunks_.begin() + (is_cancelled_ ? 1 : 0),
                                  chunks_.end(), is_it);
  if (is_writing_ && found == chunks_.begin()) {
    is_cancelled_ = true;
    return std::nullopt;
  }
  auto result = std::move(found->kept);
  bytes_ -= result.bytes.size();
  chunks_.erase(found);
  return result;
}

std::vector<kept_chunk> disk_queue::stop() {
  is_stopped_ = true;
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

std::string disk_queue::check(time_point now) const {
  std::uint64_t bytes = 0;
  for (const auto& x : chunks_)
    bytes += x.kept.bytes.size();
  if (bytes != bytes_ || bytes > max_bytes_ ||
      waiting_.size() + (is_cancelled_ ? 1 : 0) != chunks_.size())
    return "the queue does not add up";
  if (chunks_.empty() || now - chunks_.front().since <= longest_wait)
    return {};
  const auto waited =
    std::chrono::floor<std::chrono::seconds>(now - chunks_.front().since);
  return std::to_string(chunks_.size()) + " chunks wait, the first for " +
         std::to_string(waited.count()) + " s";
}

}  // namespace kvc
