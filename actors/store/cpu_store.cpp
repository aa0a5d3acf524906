#include "actors/store/cpu_store.hpp"

#include "actors/store/recoding.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace kvc {

/// Memory that is no chunk's yet. Must not end while the lock is held.
class cpu_store::spare_block {
 public:
  explicit spare_block(cpu_store* store) : store_(store) {}
  spare_block(const spare_block&) = delete;
  spare_block& operator=(const spare_block&) = delete;

  ~spare_block() {
    if (!memory_)
      return;
    const std::lock_guard guard{store_->mutex_};
    store_->memory_.release(*memory_);
  }

  /// Takes free memory, and evicts chunks for it if it may. Returns whether
  /// there was enough; call it once.
  bool obtain(std::uint64_t bytes, bool may_evict) {
    const std::lock_guard guard{store_->mutex_};
    bytes_ = bytes;
    if (may_evict) {
      store_->catalog_.expire_pins(store_->now_);
      memory_ = store_->make_room(bytes);
      store_->report_drops();
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

chunk_reader cpu_store::acquire(std::span<const std::uint64_t> hashes) {
  return read(hashes, true);
}

chunk_reader cpu_store::borrow(std::span<const std::uint64_t> hashes) {
  return read(hashes, false);
}

chunk_reader cpu_store::read(std::span<const std::uint64_t> hashes,
                             bool is_use) {
  chunk_reader result{this, is_use};
  const std::lock_guard guard{mutex_};
  for (const auto hash : hashes)
    catalog_.prefetch(hash);
  for (const auto hash : hashes) {
    const auto place = catalog_.find(hash);
    if (place == catalog::none)
      break;
    const auto& [record, memory, checksum] = catalog_.at(place).chunk;
    result.chunks_.push_back({memory_.view(memory, record.encoded_bytes),
                              record.codec, record.raw_bytes, record.tokens,
                              memory.offset, checksum});
    result.holds_.push_back({place, memory});
    if (is_use)
      catalog_.add_user(place);
    catalog_.add_reader(place);
  }
  return result;
}

chunk_writer cpu_store::reserve(std::span<const new_chunk> chunks) {
  chunk_writer result{this};
  result.parts_.reserve(chunks.size());
  const std::lock_guard guard{mutex_};
  catalog_.expire_pins(now_);
  touch(chunks);
  for (const auto& x : chunks) {
    const auto place = catalog_.find(x.hash);
    if (place != catalog::none) {
      catalog_.add_user(place);
      result.parts_.push_back({.chunk = x, .memory = {}, .place = place});
      continue;
    }
    const auto memory = make_room(x.bytes);
    if (!memory)
      break;
    result.parts_.push_back({.chunk = x, .memory = *memory});
  }
  report_drops();
  return result;
}

chunk_writer cpu_store::stage(const new_chunk& chunk) {
  chunk_writer result{this};
  result.parts_.reserve(1);
  const std::lock_guard guard{mutex_};
  catalog_.expire_pins(now_);
  if (const auto memory = make_room(chunk.bytes))
    result.parts_.push_back({.chunk = chunk, .memory = *memory});
  report_drops();
  return result;
}

void cpu_store::note_checksum(const chunk_reader& reader, std::size_t i,
                              std::uint64_t checksum) {
  const auto& [place, memory] = reader.holds_[i];
  const std::lock_guard guard{mutex_};
  if (catalog_.is_version(place, memory.id))
    catalog_.chunk_at(place).checksum = checksum;
}

void cpu_store::discard(std::uint64_t hash) {
  const std::lock_guard guard{mutex_};
  const auto place = catalog_.find(hash);
  if (place == catalog::none || catalog_.at(place).users > 0)
    return;
  drop(place);
  report_drops();
}

location_usage cpu_store::usage() const {
  const std::lock_guard guard{mutex_};
  return {.where = location::cpu,
          .chunks = catalog_.size(),
          .used_bytes = memory_.used_bytes(),
          .capacity_bytes = memory_.capacity()};
}

std::uint64_t cpu_store::drops() const {
  const std::lock_guard guard{mutex_};
  return drops_;
}

std::vector<chunk_change> cpu_store::clear(
  std::span<const std::uint64_t> hashes) {
  std::vector<chunk_change> result(hashes.size());
  const std::lock_guard guard{mutex_};
  catalog_.expire_pins(now_);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto place = catalog_.find(hashes[i]);
    if (place == catalog::none)
      continue;
    result[i] = catalog_.clearing(place);
    if (result[i].outcome == chunk_outcome::done)
      drop(place);
  }
  report_drops();
  return result;
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
  if (!room.obtain(chunk.raw_bytes, false))
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
  const auto [outcome, bytes] = encode_chunk(target, raw, format_);
  if (outcome != chunk_outcome::done)
    return outcome;
  if (!room.obtain(bytes.size(), true))
    return chunk_outcome::no_room;
  std::memcpy(room.room().data(), bytes.data(), bytes.size());
  return chunk_outcome::done;
}

/// Gives the chunk its new bytes, if it has those of `old` still.
chunk_change cpu_store::swap_in(std::uint64_t hash,
                                const chunk_reader::hold& old, codec_id codec,
                                spare_block& room) {
  const std::lock_guard guard{mutex_};
  const auto place = catalog_.find(hash);
  if (place == catalog::none)
    return {};
  const auto& x = catalog_.at(place);
  auto record = x.chunk.record;
  if (x.chunk.memory.id != old.memory.id)
    return {.outcome = record.codec == codec ? chunk_outcome::unchanged
                                             : chunk_outcome::in_use};
  const chunk_change result{chunk_outcome::done, record.tokens,
                            record.encoded_bytes, room.bytes()};
  record.encoded_bytes = room.bytes();
  record.codec = codec;
  retire(x);
  catalog_.replace(place, {.record = record, .memory = room.take()});
  return result;
}

std::string cpu_store::check() {
  const std::lock_guard guard{mutex_};
  catalog_.expire_pins(now_);
  if (auto fault = memory_.check(); !fault.empty())
    return fault;
  if (const auto fault = catalog_.check(); !fault.empty())
    return "cpu_store: " + fault;
  if (catalog_.bytes() > memory_.used_bytes())
    return "cpu_store: more chunks than memory in use";
  return check_round_trip();
}

std::string cpu_store::check_round_trip() {
  constexpr std::uint64_t bytes = 4096;
  const auto block = memory_.allocate(bytes);
  if (!block)
    return {};  // A full store is well; evicting would make it worse.
  const auto memory = memory_.view(*block, bytes);
  constexpr unsigned char pattern = 0xA5;
  std::memset(memory.data(), pattern, memory.size());
  const auto is_wrong = [](std::byte x) { return x != std::byte{pattern}; };
  const auto wrong = std::count_if(memory.begin(), memory.end(), is_wrong);
  memory_.release(*block);
  return wrong == 0 ? "" : "cpu_store: memory does not keep what is written";
}

void cpu_store::release(const chunk_reader& reader) {
  const std::lock_guard guard{mutex_};
  std::for_each(reader.holds_.rbegin(), reader.holds_.rend(),
                [&](const auto& x) { give_back(x, reader.is_use_); });
}

std::size_t cpu_store::commit(std::span<chunk_writer::part> parts) {
  std::vector<std::uint64_t> admitted;
  admitted.reserve(parts.size());
  const std::lock_guard guard{mutex_};
  for (auto& x : parts) {
    if (x.place != catalog::none)
      continue;
    x.place = catalog_.find(x.chunk.hash);
    if (x.place != catalog::none) {  // Somebody else was faster.
      memory_.release(x.memory);
      catalog_.add_user(x.place);
    } else {
      x.place = admit(x.chunk, x.memory);
      admitted.push_back(x.chunk.hash);
    }
  }
  std::for_each(parts.rbegin(), parts.rend(),
                [this](const auto& x) { catalog_.remove_user(x.place); });
  if (listener_ != nullptr && !admitted.empty())
    listener_->chunks_admitted(location::cpu, admitted);
  return admitted.size();
}

void cpu_store::abandon(std::span<const chunk_writer::part> parts) {
  const std::lock_guard guard{mutex_};
  std::for_each(parts.rbegin(), parts.rend(), [this](const auto& x) {
    if (x.place == catalog::none)
      memory_.release(x.memory);
    else
      catalog_.remove_user(x.place);
  });
}

void cpu_store::give_back(const chunk_reader::hold& held, bool is_use) {
  if (!catalog_.remove_reader(held.place, held.memory.id)) {
    const auto old = old_blocks_.find(held.memory.id);
    assert(old != old_blocks_.end());
    if (--old->second.readers == 0) {
      memory_.release(old->second.memory);
      old_blocks_.erase(old);
    }
  }
  if (is_use)
    catalog_.remove_user(held.place);
}

/// Gives up the memory of `x`: now, or when nobody reads it any more.
void cpu_store::retire(const catalog::entry& x) {
  const auto memory = x.chunk.memory;
  if (x.readers == 0)
    memory_.release(memory);
  else
    old_blocks_.emplace(memory.id, old_block{memory, x.readers});
}

/// Makes the chunks here the last to be evicted for the rest of `chunks`.
void cpu_store::touch(std::span<const new_chunk> chunks) {
  for (const auto& x : chunks)
    catalog_.prefetch(x.hash);
  std::for_each(chunks.rbegin(), chunks.rend(),
                [this](const auto& x) { catalog_.touch(x.hash); });
}

/// Adds the chunk with one user, the caller.
std::uint32_t cpu_store::admit(const new_chunk& chunk, arena::block memory) {
  const chunk_record record{
    .hash = chunk.hash,
    .raw_bytes = chunk.raw_bytes == 0 ? chunk.bytes : chunk.raw_bytes,
    .encoded_bytes = chunk.bytes,
    .tokens = chunk.tokens,
    .codec = chunk.codec};
  return catalog_.admit({record, memory, chunk.checksum}, 1);
}

void cpu_store::drop(std::uint32_t place) {
  retire(catalog_.at(place));
  dropped_.push_back(catalog_.drop(place).record.hash);
}

std::optional<arena::block> cpu_store::make_room(std::uint64_t bytes) {
  const auto in_use = memory_.used_bytes() - catalog_.evictable_bytes();
  if (bytes > memory_.capacity() - in_use)
    return std::nullopt;
  auto memory = memory_.allocate(bytes);
  while (!memory) {
    const auto victim = catalog_.oldest();
    if (victim == catalog::none)
      break;
    drop(victim);
    memory = memory_.allocate(bytes);
  }
  return memory;
}

void cpu_store::report_drops() {
  if (listener_ != nullptr && !dropped_.empty())
    listener_->chunks_evicted(location::cpu, dropped_);
  drops_ += dropped_.size();
  dropped_.clear();
}

}  // namespace kvc
