#include "actors/store/disk_store.hpp"
#include "messages/errors.hpp"

namespace kvc {

namespace {

constexpr std::chrono::seconds longest_wait{30};

}  // namespace

std::vector<chunk_change> disk_store::clear(
  std::span<const std::uint64_t> hashes) {
  std::vector<chunk_change> result(hashes.size());
  std::vector<kept_chunk> let_go;  // Its owners end without the lock.
  std::vector<disk_chunk> dropped;
  {
    const std::lock_guard guard{mutex_};
    catalog_.expire_pins(options_.now());
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (auto waiting = queue_.drop(hashes[i]))
        let_go.push_back(std::move(*waiting));
      const auto* found = catalog_.find(hashes[i]);
      if (found == nullptr)
        continue;
      if (catalog_.is_pinned(hashes[i])) {
        result[i] = {.outcome = chunk_outcome::pinned};
        continue;
      }
      if (catalog_.is_held(hashes[i])) {
        result[i] = {.outcome = chunk_outcome::in_use};
        continue;
      }
      result[i] = {chunk_outcome::done, found->record.tokens, found->file_bytes,
                   0};
      dropped.push_back(*found);
      catalog_.drop(hashes[i]);
    }
    report_evicted(dropped);
  }
  remove_files(dropped);
  return result;
}

std::optional<disk_hold> disk_store::hold(std::uint64_t hash) {
  const std::lock_guard guard{mutex_};
  if (catalog_.find(hash) == nullptr)
    return std::nullopt;
  return disk_hold{this, hash, catalog_.hold(hash)};
}

disk_hold::~disk_hold() {
  if (store_ == nullptr)
    return;
  const std::lock_guard guard{store_->mutex_};
  store_->catalog_.release(hash_, admission_);
}

std::vector<chunk_change> disk_store::pin(std::span<const std::uint64_t> hashes,
                                          std::optional<time_point> until) {
  std::vector<chunk_change> result(hashes.size());
  const std::lock_guard guard{mutex_};
  catalog_.expire_pins(options_.now());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto* found = catalog_.find(hashes[i]);
    if (found == nullptr)
      break;
    catalog_.pin(hashes[i], until);
    result[i] = {chunk_outcome::done, found->record.tokens, found->file_bytes,
                 found->file_bytes};
  }
  return result;
}

std::vector<chunk_change> disk_store::unpin(
  std::span<const std::uint64_t> hashes) {
  std::vector<chunk_change> result(hashes.size());
  const std::lock_guard guard{mutex_};
  catalog_.expire_pins(options_.now());
  for (auto i = hashes.size(); i-- > 0;) {
    const auto* found = catalog_.find(hashes[i]);
    if (found == nullptr)
      continue;
    if (catalog_.unpin(hashes[i]))
      result[i] = {chunk_outcome::done, found->record.tokens, found->file_bytes,
                   found->file_bytes};
    else
      result[i] = {.outcome = chunk_outcome::unchanged};
  }
  return result;
}

std::string disk_store::check() {
  const std::lock_guard probing{probing_};
  const auto fault = folder_.probe();
  const auto free_bytes = options_.free_bytes(folder_.directory());
  const std::lock_guard guard{mutex_};
  const auto now = options_.now();
  catalog_.expire_pins(now);
  if (auto wrong = catalog_.check(); !wrong.empty())
    return wrong;
  if (auto wrong = check_queue(now); !wrong.empty())
    return wrong;
  if (fault)
    return "disk_store: " + describe(fault);
  if (!free_bytes)
    return "disk_store: " + describe(free_bytes.error());
  if (auto wrong = check_space(*free_bytes); !wrong.empty())
    return wrong;
  if (!write_fault_.empty())
    return "disk_store: last write failed: " + write_fault_;
  return {};
}

std::string disk_store::check_queue(time_point now) const {
  if (!queue_.check())
    return "disk_store: the queue does not add up";
  const auto since = queue_.waits_since();
  if (!since || now - *since <= longest_wait)
    return {};
  const auto waited = std::chrono::floor<std::chrono::seconds>(now - *since);
  return "disk_store: " + std::to_string(queue_.size()) +
         " chunks wait, the first for " + std::to_string(waited.count()) + " s";
}

std::string disk_store::check_space(std::uint64_t free_bytes) const {
  const auto left = catalog_.capacity_bytes() - catalog_.used_bytes();
  const auto to_evict = largest_file_ > left ? largest_file_ - left : 0;
  if (free_bytes + to_evict >= largest_file_)
    return {};
  return "disk_store: no space for a chunk of " +
         std::to_string(largest_file_) + " bytes, " +
         std::to_string(queue_.size()) + " wait";
}

}  // namespace kvc
