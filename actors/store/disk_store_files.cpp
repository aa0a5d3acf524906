#include "actors/store/disk_store.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>

namespace kvc {

/// A file that is no chunk's yet, and the bytes that it takes. Without take()
/// it never was.
class disk_store::new_file {
 public:
  explicit new_file(disk_store* store) : store_(store) {}
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  ~new_file() {
    if (!chunk_)
      return;
    if (is_written_)
      store_->remove_files({&*chunk_, 1});
    const std::lock_guard guard{store_->mutex_};
    store_->catalog_.give_back(chunk_->file_bytes);
  }

  /// Returns `done`, `no_room` or `failed`; call it once. Makes room first if
  /// it may evict.
  chunk_outcome make(const chunk_record& record,
                     std::span<const std::byte> bytes, bool may_evict) {
    const auto header = store_->header_of(record);
    const auto victims =
      place({record, 0, header.bytes() + bytes.size()}, may_evict);
    if (!victims)
      return chunk_outcome::no_room;
    store_->remove_files(*victims);
    const auto failure = store_->folder_.write(chunk_->name(), header, bytes);
    is_written_ = !failure;
    const std::lock_guard guard{store_->mutex_};
    note(failure);
    return failure ? chunk_outcome::failed : chunk_outcome::done;
  }

  const disk_chunk& chunk() const { return *chunk_; }

  /// Gives the file away. The caller holds the lock.
  disk_chunk take() {
    const auto result = *chunk_;
    chunk_.reset();
    return result;
  }

 private:
  std::optional<std::vector<disk_chunk>> place(disk_chunk chunk,
                                               bool may_evict) {
    const std::lock_guard guard{store_->mutex_};
    auto& catalog = store_->catalog_;
    std::optional<std::vector<disk_chunk>> victims;
    if (may_evict) {
      catalog.expire_pins(store_->options_.now());
      victims = catalog.make_room(chunk.file_bytes);
    } else if (catalog.set_aside(chunk.file_bytes)) {
      victims.emplace();
    }
    if (!victims)
      return victims;
    store_->report_evicted(*victims);
    store_->largest_file_ = std::max(store_->largest_file_, chunk.file_bytes);
    chunk.generation = store_->next_generation_++;
    chunk_ = chunk;
    return victims;
  }

  void note(const caf::error& failure) {
    auto& fault = store_->write_fault_;
    if (!failure) {
      fault.clear();
      return;
    }
    const auto is_news = fault.empty();
    fault = describe(failure);
    store_->status_.last_error = fault;
    ++store_->status_.failed_writes;
    if (is_news)  // A full disk fails for every chunk.
      spdlog::warn("disk_store: chunks not written reason={}", fault);
  }

  disk_store* store_;
  std::optional<disk_chunk> chunk_;
  bool is_written_ = false;
};

/// Keeps a chunk from being evicted; clear() may drop it.
class disk_store::loan {
 public:
  loan(disk_store* store, std::uint64_t hash) : store_(store) {
    const std::lock_guard guard{store_->mutex_};
    const auto* found = store_->catalog_.find(hash);
    if (found == nullptr)
      return;
    chunk_ = *found;
    store_->catalog_.borrow(hash);
  }

  loan(const loan&) = delete;
  loan& operator=(const loan&) = delete;

  ~loan() {
    if (!chunk_)
      return;
    const std::lock_guard guard{store_->mutex_};
    store_->catalog_.return_loan(chunk_->name());
  }

  /// Nothing if it was absent.
  const std::optional<disk_chunk>& chunk() const { return chunk_; }

 private:
  disk_store* store_;
  std::optional<disk_chunk> chunk_;
};

namespace {

struct encoded_chunk {
  chunk_outcome outcome = chunk_outcome::failed;
  std::vector<std::byte> bytes;  ///< If `done`.
};

encoded_chunk encode_as(codec_id target, std::vector<std::byte> raw,
                        const chunk_format& format) {
  if (target == codec_id::none)
    return {chunk_outcome::done, std::move(raw)};
  auto encoded = encode(target, raw, format);
  if (!encoded)
    return {encoded.error() == errc::invalid_request ? chunk_outcome::unsuitable
                                                     : chunk_outcome::failed,
            {}};
  if (!*encoded)
    return {chunk_outcome::incompressible, {}};
  return {chunk_outcome::done, std::move(**encoded)};
}

chunk_record record_of(const kept_chunk& kept) {
  return {.hash = kept.chunk.hash,
          .raw_bytes = kept.chunk.bytes,
          .encoded_bytes = kept.bytes.size(),
          .tokens = kept.chunk.tokens,
          .codec = kept.codec};
}

}  // namespace

bool disk_store::write_next() {
  std::optional<kept_chunk> kept;
  {
    const std::lock_guard guard{mutex_};
    kept = queue_.begin();
  }
  if (!kept)
    return false;
  new_file file{this};
  const auto outcome = file.make(record_of(*kept), kept->bytes, true);
  return finish_write(file, outcome);
}

chunk_outcome disk_store::write(const kept_chunk& kept) {
  const auto is_here = [this, hash = kept.chunk.hash] {
    return catalog_.find(hash) != nullptr;
  };
  {
    const std::lock_guard guard{mutex_};
    if (is_here())
      return chunk_outcome::unchanged;
  }
  new_file file{this};
  const auto outcome = file.make(record_of(kept), kept.bytes, true);
  if (outcome != chunk_outcome::done)
    return outcome;
  const std::lock_guard guard{mutex_};
  if (is_here())
    return chunk_outcome::unchanged;
  admit(file);
  return chunk_outcome::done;
}

/// Admits the chunk of a file that is written.
void disk_store::admit(new_file& file) {
  const auto chunk = file.take();
  catalog_.admit(chunk);
  report_admitted(chunk.record.hash);
}

/// Admits the chunk if it was written and neither cleared nor admitted by
/// write() meanwhile.
bool disk_store::finish_write(new_file& file, chunk_outcome outcome) {
  const std::lock_guard guard{mutex_};
  const auto finished = queue_.pop();
  status_.crowded_out += outcome == chunk_outcome::no_room ? 1 : 0;
  if (outcome == chunk_outcome::done && !finished.is_cancelled &&
      catalog_.find(file.chunk().record.hash) == nullptr)
    admit(file);
  if (finished.written != nullptr)
    catalog_.touch(*finished.written);
  const auto is_more = queue_.size() > 0;
  is_refusing_ = is_refusing_ && is_more;
  return is_more;
}

chunk_change disk_store::recode(std::uint64_t hash, codec_id target) {
  const loan source{this, hash};
  if (!source.chunk())
    return {};
  const auto& old = *source.chunk();
  if (old.record.codec == target)
    return {.outcome = chunk_outcome::unchanged};
  std::vector<std::byte> raw(old.record.raw_bytes);
  if (const auto failure = load(old, raw)) {
    if (is_over(old, failure))
      return {.outcome = chunk_outcome::failed};
    const std::lock_guard guard{mutex_};
    return what_happened_to(old, target);
  }
  const auto encoded =
    encode_as(target, std::move(raw), options_.identity.format);
  if (encoded.outcome != chunk_outcome::done)
    return {.outcome = encoded.outcome};
  auto record = old.record;
  record.codec = target;
  record.encoded_bytes = encoded.bytes.size();
  new_file file{this};
  const auto outcome =
    file.make(record, encoded.bytes, target != codec_id::none);
  if (outcome != chunk_outcome::done)
    return {.outcome = outcome};
  return swap_in(old, file);
}

/// Gives the chunk the new file, if it has the old one still.
chunk_change disk_store::swap_in(const disk_chunk& old, new_file& file) {
  chunk_change result;
  {
    const std::lock_guard guard{mutex_};
    const auto* current = catalog_.find(old.record.hash);
    if (current == nullptr || current->generation != old.generation)
      return what_happened_to(old, file.chunk().record.codec);
    const auto chunk = file.take();
    catalog_.replace(chunk);
    result = {chunk_outcome::done, chunk.record.tokens, old.file_bytes,
              chunk.file_bytes};
  }
  remove_files({&old, 1});
  return result;
}

/// Returns why a chunk that has `old` no more cannot be recoded.
chunk_change disk_store::what_happened_to(const disk_chunk& old,
                                          codec_id target) const {
  const auto* current = catalog_.find(old.record.hash);
  if (current == nullptr)
    return {};
  return {.outcome = current->record.codec == target ? chunk_outcome::unchanged
                                                     : chunk_outcome::in_use};
}

}  // namespace kvc
