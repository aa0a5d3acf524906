#include "actors/store/disk_store.hpp"

#include "actors/store/recoding.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/repeated_log.hpp"

#include <algorithm>
#include <cassert>

namespace kvc {

/// A file that is no chunk's yet, and the bytes that it takes. Unless it is
/// taken, its end removes the file. Must not end while the lock is held.
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
    store_->set_aside_ -= chunk_->file_bytes;
  }

  /// Returns `done`, `no_room` or `failed`; call it once. Makes room first if
  /// it may evict.
  chunk_outcome make(const chunk_record& record,
                     std::span<const std::byte> bytes, bool may_evict) {
    const auto victims = place(record, may_evict);
    if (!victims)
      return chunk_outcome::no_room;
    store_->remove_files(*victims);
    const auto failure = store_->folder_.write(*chunk_, bytes);
    is_written_ = !failure;
    const std::lock_guard guard{store_->mutex_};
    store_->note_write(failure);
    return failure ? chunk_outcome::failed : chunk_outcome::done;
  }

  const disk_chunk& chunk() const { return *chunk_; }

  /// Gives the file away. The caller holds the lock.
  disk_chunk take() {
    store_->set_aside_ -= chunk_->file_bytes;
    return *std::exchange(chunk_, std::nullopt);
  }

 private:
  std::optional<std::vector<disk_chunk>> place(const chunk_record& record,
                                               bool may_evict) {
    const std::lock_guard guard{store_->mutex_};
    const auto chunk =
      store_->folder_.describe_file(record, store_->next_generation_);
    auto victims = store_->set_aside(chunk.file_bytes, may_evict);
    if (!victims)
      return victims;
    store_->largest_file_ = std::max(store_->largest_file_, chunk.file_bytes);
    ++store_->next_generation_;
    chunk_ = chunk;
    return victims;
  }

  disk_store* store_;
  std::optional<disk_chunk> chunk_;
  bool is_written_ = false;
};

/// Reads a chunk for a recode: keeps it from being evicted, not from being
/// cleared. Must not end while the lock is held.
class disk_store::recode_source {
 public:
  recode_source(disk_store* store, std::uint64_t hash) : store_(store) {
    const std::lock_guard guard{store_->mutex_};
    place_ = store_->catalog_.find(hash);
    if (place_ == catalog::none)
      return;
    chunk_ = store_->catalog_.at(place_).chunk;
    store_->catalog_.add_reader(place_);
  }

  recode_source(const recode_source&) = delete;
  recode_source& operator=(const recode_source&) = delete;

  ~recode_source() {
    if (!chunk_)
      return;
    const std::lock_guard guard{store_->mutex_};
    store_->catalog_.remove_reader(place_, chunk_->generation);
  }

  /// Nothing if it was absent.
  const std::optional<disk_chunk>& chunk() const { return chunk_; }

 private:
  disk_store* store_;
  std::uint32_t place_ = catalog::none;
  std::optional<disk_chunk> chunk_;
};

caf::expected<std::unique_ptr<disk_store>> disk_store::open(
  disk_store_options options) {
  auto folder = disk_folder::open(options.directory, options.identity);
  if (!folder)
    return std::move(folder.error());
  auto found = recover(*folder, options.capacity_bytes);
  if (!found)
    return std::move(found.error());
  spdlog::info(
    "disk_store: opened directory={} chunks={} bytes={} surplus={} damaged={}",
    folder->home().string(), found->chunks.size(), found->used_bytes,
    found->surplus.size(), found->damaged.size());
  const auto waits = options.waits_to_change;
  std::unique_ptr<disk_store> result{
    new disk_store(std::move(options), std::move(*folder), std::move(*found))};
  if (!waits)
    if (auto failure = result->begin_changes(false))
      return failure;
  return result;
}

disk_store::disk_store(disk_store_options options, disk_folder folder,
                       recovered_files found)
    : catalog_store(options.now),
      options_(std::move(options)),
      folder_(std::move(folder)),
      queue_(options_.max_queue_bytes),
      next_generation_(found.next_generation) {
  for (const auto& chunk : found.chunks) {
    catalog_.admit(chunk);
    largest_file_ = std::max(largest_file_, chunk.file_bytes);
  }
  found.chunks.clear();
  postponed_ = std::move(found);
}

caf::error disk_store::allow_changes() { return begin_changes(true); }

/// Tells the listener of chunks that it adopts, if it is to tell.
caf::error disk_store::begin_changes(bool tells) {
  recovered_files postponed;
  std::uint64_t room = 0;
  {
    const std::lock_guard guard{mutex_};
    if (std::exchange(may_change_, true))
      return {};
    postponed = std::exchange(postponed_, {});
    room = options_.capacity_bytes - used_bytes();
  }
  if (auto failure = tidy(folder_, postponed))
    return failure;
  const auto earlier = recover_earlier(folder_, room);
  if (!earlier)
    return earlier.error();
  if (auto failure = tidy(folder_, earlier->found))
    return failure;
  note_quarantined(postponed.damaged.size() + earlier->found.damaged.size());
  for (const auto& chunk : earlier->found.chunks)
    adopt(chunk, tells);
  note_others(earlier->others);
  const auto others = files_of_others(folder_);
  if (!others)
    return others.error();
  for (const auto& each : *others)
    note_others(each);
  return trim_quarantine(folder_, options_.capacity_bytes);
}

/// Moves a file of an earlier version home. It is not in the catalog yet; if
/// that has the chunk, or no room for it, the file goes.
void disk_store::adopt(const disk_chunk& earlier, bool tells) {
  auto chunk = earlier;
  {
    const std::lock_guard guard{mutex_};
    chunk.generation = next_generation_++;
  }
  if (const auto failure = folder_.adopt(earlier.name(), chunk.name())) {
    const std::lock_guard guard{mutex_};
    status_.last_error = describe(failure);
    return;
  }
  {
    const std::lock_guard guard{mutex_};
    const auto left = options_.capacity_bytes - used_bytes();
    if (find_chunk(chunk.record.hash) == nullptr && chunk.file_bytes <= left) {
      catalog_.admit(chunk);
      largest_file_ = std::max(largest_file_, chunk.file_bytes);
      if (tells)
        report_admitted(chunk);
      return;
    }
  }
  remove_files({&chunk, 1});
}

void disk_store::note_quarantined(std::size_t files) {
  if (files == 0)
    return;
  spdlog::warn("disk_store: quarantined files={} directory={}", files,
               folder_.quarantine_directory().string());
  const std::lock_guard guard{mutex_};
  status_.quarantined += files;
}

void disk_store::note_others(const other_files& others) const {
  if (others.files > 0)
    spdlog::warn(
      "disk_store: set aside, of another model, format or hashing directory={} "
      "chunks={} bytes={}",
      others.folder.string(), others.files, others.bytes);
}

void disk_store::on_work(std::function<void()> wake) {
  const std::lock_guard guard{mutex_};
  queue_.on_work(std::move(wake));
}

offer_result disk_store::offer(std::vector<kept_chunk> chunks) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(chunks.size());
  for (const auto& x : chunks)
    hashes.push_back(x.chunk.hash);
  const auto batch =
    std::make_shared<const std::vector<std::uint64_t>>(std::move(hashes));
  const auto is_here = [this](auto hash) {
    return find_chunk(hash) != nullptr;
  };
  const auto now = now_();
  std::unique_lock guard{mutex_};
  touch_all(*batch);
  const auto result = queue_.offer(chunks, batch, is_here, now);
  status_.refused_chunks += result.refused;
  const auto is_waiting = !may_change_;
  guard.unlock();
  if (result.is_overflow)
    warn_repeated(std::string{"disk_store: "} +
                  (is_waiting ? "no controller yet" : "too slow") +
                  ", chunks not taken directory=" + folder_.home().string());
  return result;
}

std::size_t disk_store::stop_offers() {
  std::vector<kept_chunk> dropped;  // Its owners end without the lock.
  const std::lock_guard guard{mutex_};
  dropped = queue_.stop();
  return dropped.size();
}

std::vector<std::uint64_t> disk_store::arriving() const {
  const std::lock_guard guard{mutex_};
  return queue_.waiting();
}

bool disk_store::write_next() {
  const std::lock_guard writing{writing_};
  std::optional<kept_chunk> kept;  // Its owner ends without the lock.
  {
    const std::lock_guard guard{mutex_};
    if (may_change_)
      kept = queue_.begin();
  }
  if (!kept)
    return false;
  new_file file{this};
  const auto outcome = file.make(kept->record(), kept->bytes, true);
  const std::lock_guard guard{mutex_};
  const auto finished = queue_.pop();
  status_.crowded_out += outcome == chunk_outcome::no_room ? 1 : 0;
  // Neither cleared nor admitted by write() meanwhile.
  if (outcome == chunk_outcome::done && !finished.is_cancelled &&
      find_chunk(kept->chunk.hash) == nullptr)
    admit(file);
  if (finished.written != nullptr)
    touch_all(*finished.written);
  return queue_.size() > 0;
}

chunk_outcome disk_store::write(const kept_chunk& kept) {
  if (find(kept.chunk.hash))
    return chunk_outcome::unchanged;
  new_file file{this};
  const auto outcome = file.make(kept.record(), kept.bytes, true);
  if (outcome != chunk_outcome::done)
    return outcome;
  const std::lock_guard guard{mutex_};
  if (find_chunk(kept.chunk.hash) != nullptr)
    return chunk_outcome::unchanged;
  admit(file);
  return chunk_outcome::done;
}

std::optional<chunk_record> disk_store::find(std::uint64_t hash) const {
  const std::lock_guard guard{mutex_};
  const auto* found = find_chunk(hash);
  return found == nullptr ? std::nullopt : std::optional{found->record};
}

void disk_store::touch(std::span<const std::uint64_t> hashes) {
  const std::lock_guard guard{mutex_};
  touch_all(hashes);
}

bool disk_store::read(std::uint64_t hash, std::span<std::byte> raw) {
  return read_as(hash, raw, true);
}

bool disk_store::peek(std::uint64_t hash, std::span<std::byte> raw) {
  return read_as(hash, raw, false);
}

bool disk_store::verify(std::uint64_t hash) {
  const auto found = find(hash);
  if (!found)
    return false;
  std::vector<std::byte> raw(found->raw_bytes);
  return peek(hash, raw);
}

bool disk_store::read_as(std::uint64_t hash, std::span<std::byte> raw,
                         bool is_use) {
  for (;;) {
    disk_chunk chunk;
    {
      const std::lock_guard guard{mutex_};
      const auto* found = find_chunk(hash);
      if (found == nullptr || found->record.raw_bytes != raw.size())
        return false;
      if (is_use)
        catalog_.touch(hash);
      chunk = *found;
    }
    const auto failure = folder_.read(chunk, raw);
    if (!failure || settle_failure(chunk, failure))
      return !failure;
  }
}

/// Drops a chunk whose file is damaged or gone, and quarantines the file.
/// Returns false if the chunk has another file by now, or none, so that the
/// failure to read this one means nothing.
bool disk_store::settle_failure(const disk_chunk& chunk,
                                const caf::error& why) {
  const auto file = folder_.path_of(chunk.name());
  const auto is_damaged = why == errc::invalid_request;
  const auto is_gone = !is_there(file);
  {
    const std::lock_guard guard{mutex_};
    const auto place = catalog_.find(chunk.record.hash);
    if (place == catalog::none || !catalog_.is_version(place, chunk.version()))
      return false;
    status_.last_error = describe(why);
    if (!is_damaged && !is_gone)  // We may be out of descriptors, say.
      return true;
    catalog_.drop(place);
    report_evicted({&chunk, 1});
  }
  warn_repeated(
    "disk_store: chunks lost directory=" + folder_.directory().string(),
    "reason=" + describe(why));
  if (!is_damaged)
    return true;
  quarantine(file);
  return true;
}

/// Does so later if files are only read.
void disk_store::quarantine(const std::filesystem::path& file) {
  {
    const std::lock_guard guard{mutex_};
    if (!may_change_) {
      postponed_.damaged.push_back(file);
      return;
    }
    ++status_.quarantined;
  }
  if (const auto failure = folder_.quarantine(file)) {
    const std::lock_guard guard{mutex_};
    status_.last_error = describe(failure);
  }
}

std::optional<disk_hold> disk_store::hold(std::uint64_t hash) {
  const std::lock_guard guard{mutex_};
  const auto place = catalog_.find(hash);
  if (place == catalog::none)
    return std::nullopt;
  catalog_.add_user(place);
  return disk_hold{this, place, catalog_.at(place).admission};
}

disk_hold::~disk_hold() {
  if (store_ == nullptr)
    return;
  const std::lock_guard guard{store_->mutex_};
  if (store_->catalog_.is_admission(place_, admission_))
    store_->catalog_.remove_user(place_);
}

disk_store::status disk_store::state() const {
  const std::lock_guard guard{mutex_};
  auto result = status_;
  result.queued_chunks = queue_.size();
  result.queued_bytes = queue_.bytes();
  return result;
}

location_usage disk_store::usage() const {
  const std::lock_guard guard{mutex_};
  return {.where = location::disk,
          .chunks = catalog_.size(),
          .used_bytes = used_bytes(),
          .capacity_bytes = options_.capacity_bytes};
}

std::vector<chunk_change> disk_store::clear(
  std::span<const std::uint64_t> hashes) {
  std::vector<chunk_change> result(hashes.size());
  std::vector<kept_chunk> let_go;  // Its owners end without the lock.
  std::vector<disk_chunk> dropped;
  {
    const std::lock_guard guard{mutex_};
    catalog_.expire_pins(now_);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (const auto* const arriving = queue_.find(hashes[i]))
        result[i] = {chunk_outcome::done, arriving->chunk.tokens,
                     arriving->bytes.size(), 0};
      if (auto waiting = queue_.drop(hashes[i]))
        let_go.push_back(std::move(*waiting));
      const auto place = catalog_.find(hashes[i]);
      if (place == catalog::none)
        continue;
      result[i] = catalog_.clearing(place);
      if (result[i].outcome == chunk_outcome::done)
        dropped.push_back(catalog_.drop(place));
    }
    report_evicted(dropped);
  }
  remove_files(dropped);
  return result;
}

chunk_change disk_store::recode(std::uint64_t hash, codec_id target) {
  const recode_source source{this, hash};
  if (!source.chunk())
    return {};
  const auto& old = *source.chunk();
  if (old.record.codec == target)
    return {.outcome = chunk_outcome::unchanged};
  encoded_chunk encoded{chunk_outcome::done, {}};
  encoded.bytes.resize(old.record.raw_bytes);
  if (const auto failure = folder_.read(old, encoded.bytes)) {
    if (settle_failure(old, failure))
      return {.outcome = chunk_outcome::failed};
    const std::lock_guard guard{mutex_};
    return what_happened_to(old, target);
  }
  if (target != codec_id::none)
    encoded = encode_chunk(target, encoded.bytes, folder_.identity().format);
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
    const auto place = catalog_.find(old.record.hash);
    if (place == catalog::none || !catalog_.is_version(place, old.version()))
      return what_happened_to(old, file.chunk().record.codec);
    const auto chunk = file.take();
    catalog_.replace(place, chunk);
    result = {chunk_outcome::done, chunk.record.tokens, old.file_bytes,
              chunk.file_bytes};
  }
  remove_files({&old, 1});
  return result;
}

/// Returns why a chunk that has `old` no more cannot be recoded.
chunk_change disk_store::what_happened_to(const disk_chunk& old,
                                          codec_id target) const {
  const auto* current = find_chunk(old.record.hash);
  if (current == nullptr)
    return {};
  return {.outcome = current->record.codec == target ? chunk_outcome::unchanged
                                                     : chunk_outcome::in_use};
}

std::string disk_store::check() {
  const std::lock_guard probing{probing_};
  const auto fault = folder_.probe();
  const auto free_bytes = options_.free_bytes(folder_.directory());
  const std::lock_guard guard{mutex_};
  const auto now = now_();
  catalog_.expire_pins(now_);
  if (const auto wrong = catalog_.check(); !wrong.empty())
    return "disk_store: " + wrong;
  if (used_bytes() > options_.capacity_bytes)
    return "disk_store: more chunks than its capacity";
  if (const auto wrong = queue_.check(now); !wrong.empty())
    return "disk_store: " + wrong;
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

std::string disk_store::check_space(std::uint64_t free_bytes) const {
  const auto left = options_.capacity_bytes - used_bytes();
  const auto to_evict = largest_file_ > left ? largest_file_ - left : 0;
  if (free_bytes + to_evict >= largest_file_)
    return {};
  return "disk_store: no space for a chunk of " +
         std::to_string(largest_file_) + " bytes, " +
         std::to_string(queue_.size()) + " wait";
}

void disk_store::remove_files(std::span<const disk_chunk> chunks) {
  for (const auto& x : chunks) {
    if (const auto failure = folder_.remove(x.name())) {
      const std::lock_guard guard{mutex_};
      status_.last_error = describe(failure);
    }
  }
}

const disk_chunk* disk_store::find_chunk(std::uint64_t hash) const {
  const auto place = catalog_.find(hash);
  return place == catalog::none ? nullptr : &catalog_.at(place).chunk;
}

void disk_store::touch_all(std::span<const std::uint64_t> hashes) {
  std::for_each(hashes.rbegin(), hashes.rend(),
                [this](auto hash) { catalog_.touch(hash); });
}

std::uint64_t disk_store::used_bytes() const {
  return catalog_.bytes() + set_aside_;
}

/// Sets bytes aside, and drops chunks for them if it may evict. Returns what it
/// dropped; nothing, and drops nothing, if there is no room.
std::optional<std::vector<disk_chunk>> disk_store::set_aside(
  std::uint64_t bytes, bool may_evict) {
  if (may_evict)
    catalog_.expire_pins(now_);
  const auto capacity = options_.capacity_bytes;
  const auto evictable = may_evict ? catalog_.evictable_bytes() : 0;
  if (bytes > capacity - (used_bytes() - evictable))
    return std::nullopt;
  std::vector<disk_chunk> dropped;
  while (bytes > capacity - used_bytes())
    dropped.push_back(catalog_.drop(catalog_.oldest()));
  set_aside_ += bytes;
  report_evicted(dropped);
  return dropped;
}

/// Admits the chunk of a file that is written.
void disk_store::admit(new_file& file) {
  const auto chunk = file.take();
  catalog_.admit(chunk);
  report_admitted(chunk);
}

void disk_store::note_write(const caf::error& failure) {
  write_fault_ = failure ? describe(failure) : "";
  if (!failure)
    return;
  status_.last_error = write_fault_;
  ++status_.failed_writes;
  warn_repeated(
    "disk_store: chunks not written directory=" + folder_.directory().string(),
    "reason=" + write_fault_);
}

void disk_store::report_admitted(const disk_chunk& chunk) {
  if (options_.listener != nullptr)
    options_.listener->chunks_admitted(location::disk, {&chunk.record.hash, 1});
}

void disk_store::report_evicted(std::span<const disk_chunk> chunks) {
  status_.dropped_chunks += chunks.size();
  if (options_.listener == nullptr || chunks.empty())
    return;
  std::vector<std::uint64_t> hashes;
  for (const auto& x : chunks)
    hashes.push_back(x.record.hash);
  options_.listener->chunks_evicted(location::disk, hashes);
}

}  // namespace kvc
