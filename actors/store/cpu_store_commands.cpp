#include "actors/store/cpu_store.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace kvc {

/// Memory that is no chunk's yet.
class cpu_store::spare_block {
 public:
  explicit spare_block(cpu_store* store) : store_(store) {}
  spare_block(const spare_block&) = delete;
  spare_block& operator=(const spare_block&) = delete;

  ~spare_block() {
    const std::lock_guard guard{store_->mutex_};
    if (memory_)
      store_->memory_.release(*memory_);
  }

  /// Takes free memory, and what can be evicted if it may. Returns whether
  /// there was enough; call it once.
  bool place(std::uint64_t bytes, bool may_evict) {
    const std::lock_guard guard{store_->mutex_};
    bytes_ = bytes;
    if (may_evict) {
      store_->expire_pins();
      memory_ = store_->make_room(bytes);
      store_->report_evictions();
    } else {
      memory_ = store_->memory_.allocate(bytes);
    }
    return memory_.has_value();
  }

  std::span<std::byte> room() const {
    return store_->memory_.view(*memory_, bytes_);
  }

  std::uint64_t bytes() const { return bytes_; }

  /// Gives the memory away.
  arena::block take() { return *std::exchange(memory_, std::nullopt); }

 private:
  cpu_store* store_;
  std::optional<arena::block> memory_;
  std::uint64_t bytes_ = 0;
};

std::vector<chunk_change> cpu_store::clear(
  std::span<const std::uint64_t> hashes) {
  std::vector<chunk_change> result;
  result.reserve(hashes.size());
  const std::lock_guard guard{mutex_};
  expire_pins();
  for (const auto hash : hashes)
    result.push_back(clear_one(hash));
  report_evictions();
  return result;
}

chunk_change cpu_store::clear_one(std::uint64_t hash) {
  const auto index = table_.find(hash);
  if (index == none)
    return {};
  const auto& x = entries_[index];
  if (x.is_pinned)
    return {.outcome = chunk_outcome::pinned};
  if (x.users > 0)
    return {.outcome = chunk_outcome::in_use};
  const chunk_change result{chunk_outcome::done, x.tokens, x.bytes, 0};
  drop(index);
  return result;
}

void cpu_store::discard(std::uint64_t hash) {
  const std::lock_guard guard{mutex_};
  const auto index = table_.find(hash);
  if (index == none || entries_[index].users > 0)
    return;
  pins_.forget(hash);
  set_pinned(index, false);
  drop(index);
  report_evictions();
}

std::vector<chunk_change> cpu_store::pin(std::span<const std::uint64_t> hashes,
                                         std::optional<time_point> until) {
  std::vector<chunk_change> result(hashes.size());
  const std::lock_guard guard{mutex_};
  expire_pins();
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto index = table_.find(hashes[i]);
    if (index == none)
      break;
    pins_.pin(hashes[i], until);
    set_pinned(index, true);
    const auto& x = entries_[index];
    result[i] = {chunk_outcome::done, x.tokens, x.bytes, x.bytes};
  }
  return result;
}

std::vector<chunk_change> cpu_store::unpin(
  std::span<const std::uint64_t> hashes) {
  std::vector<chunk_change> result(hashes.size());
  const std::lock_guard guard{mutex_};
  expire_pins();
  for (auto i = hashes.size(); i-- > 0;) {
    const auto index = table_.find(hashes[i]);
    if (index == none)
      continue;
    const auto was_last = pins_.unpin(hashes[i]);
    if (was_last == true)
      set_pinned(index, false);
    const auto& x = entries_[index];
    if (was_last)
      result[i] = {chunk_outcome::done, x.tokens, x.bytes, x.bytes};
    else
      result[i] = {.outcome = chunk_outcome::unchanged};
  }
  return result;
}

void cpu_store::expire_pins() {
  if (pins_.size() == 0)
    return;
  for (const auto hash : pins_.expire(options_.now()))
    set_pinned(table_.find(hash), false);
}

void cpu_store::set_pinned(std::uint32_t index, bool is_pinned) {
  auto x = entries_[index];
  x.is_pinned = is_pinned;
  update(index, x);
}

chunk_change cpu_store::recode(std::uint64_t hash, codec_id target) {
  const auto source = borrow({&hash, 1});
  if (source.chunks().empty())
    return {};
  const auto& chunk = source.chunks().front();
  if (chunk.codec == target)
    return {.outcome = chunk_outcome::unchanged};
  spare_block room{this};
  const auto outcome = target == codec_id::none ? restore(chunk, room)
                                                : compress(chunk, target, room);
  if (outcome != chunk_outcome::done)
    return {.outcome = outcome};
  return swap_in(hash, source.holds_.front(), target, room);
}

chunk_outcome cpu_store::restore(const chunk_reader::chunk& chunk,
                                 spare_block& room) {
  if (!room.place(chunk.raw_bytes, false))
    return chunk_outcome::no_room;
  return decode(chunk.codec, chunk.bytes, room.room()) ? chunk_outcome::failed
                                                       : chunk_outcome::done;
}

chunk_outcome cpu_store::compress(const chunk_reader::chunk& chunk,
                                  codec_id target, spare_block& room) {
  auto raw = chunk.bytes;
  std::vector<std::byte> restored;
  if (chunk.codec != codec_id::none) {
    restored.resize(chunk.raw_bytes);
    if (decode(chunk.codec, chunk.bytes, restored))
      return chunk_outcome::failed;
    raw = restored;
  }
  const auto encoded = encode(target, raw, options_.format);
  if (!encoded)
    return encoded.error() == errc::invalid_request ? chunk_outcome::unsuitable
                                                    : chunk_outcome::failed;
  if (!*encoded)
    return chunk_outcome::incompressible;
  const auto& bytes = **encoded;
  if (!room.place(bytes.size(), true))
    return chunk_outcome::no_room;
  std::memcpy(room.room().data(), bytes.data(), bytes.size());
  return chunk_outcome::done;
}

/// Gives the chunk the new form, if it is as it was when `old` was borrowed.
chunk_change cpu_store::swap_in(std::uint64_t hash,
                                const chunk_reader::hold& old, codec_id codec,
                                spare_block& room) {
  const std::lock_guard guard{mutex_};
  const auto index = table_.find(hash);
  if (index == none)
    return {};
  auto x = entries_[index];
  if (x.memory.id != old.memory.id)
    return {.outcome = x.codec == codec ? chunk_outcome::unchanged
                                        : chunk_outcome::in_use};
  const chunk_change result{chunk_outcome::done, x.tokens, x.bytes,
                            room.bytes()};
  retire(x);
  x.memory = room.take();
  x.bytes = room.bytes();
  x.codec = codec;
  x.checksum.reset();
  x.readers = 0;
  x.borrowers = 0;
  update(index, x);
  return result;
}

}  // namespace kvc
