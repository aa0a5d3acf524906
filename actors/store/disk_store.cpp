#include "actors/store/disk_store.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace kvc {

caf::expected<std::unique_ptr<disk_store>> disk_store::open(
  disk_store_options options) {
  const chunk_record smallest{.raw_bytes = 1, .encoded_bytes = 1};
  const auto header = chunk_file_header{options.identity, smallest}.encode();
  if (!header)
    return header.error();
  auto folder = disk_folder::open(options.directory);
  if (!folder)
    return std::move(folder.error());
  std::unique_ptr<disk_store> result{
    new disk_store(std::move(options), std::move(*folder))};
  if (auto failure = result->take_over())
    return failure;
  return result;
}

caf::error disk_store::take_over() {
  auto found = folder_.sort_out(options_.identity);
  if (!found)
    return std::move(found.error());
  std::ranges::sort(found->files, [](const auto& x, const auto& y) {
    return std::tie(x.written, x.name.generation) <
           std::tie(y.written, y.name.generation);
  });
  std::unordered_map<std::uint64_t, std::uint64_t> newest;  // By chunk.
  std::uint64_t bytes = 0;
  const auto bytes_of = [this](const auto& x) {
    return header_of(x.chunk).bytes() + x.chunk.encoded_bytes;
  };
  for (const auto& x : found->files) {
    auto& generation = newest[x.name.hash];
    generation = std::max(generation, x.name.generation);
    next_generation_ = std::max(next_generation_, x.name.generation + 1);
    bytes += bytes_of(x);
  }
  std::size_t removed = 0;
  for (const auto& x : found->files) {
    const disk_chunk chunk{x.chunk, x.name.generation, bytes_of(x)};
    // Of two files of a chunk, a recode was about to remove the older one.
    if (newest[x.name.hash] == x.name.generation &&
        bytes <= options_.capacity_bytes) {
      catalog_.set_aside(chunk.file_bytes);
      catalog_.admit(chunk);
      largest_file_ = std::max(largest_file_, chunk.file_bytes);
      continue;
    }
    if (auto failure = folder_.remove(x.name))
      return failure;
    bytes -= chunk.file_bytes;
    ++removed;
  }
  status_.quarantined = found->quarantined;
  if (auto failure = folder_.trim_quarantine(options_.capacity_bytes))
    return failure;
  spdlog::info(
    "disk_store: opened directory={} chunks={} bytes={} removed={} "
    "quarantined={}",
    folder_.directory().string(), catalog_.size(), catalog_.used_bytes(),
    removed, found->quarantined);
  return {};
}

chunk_file_header disk_store::header_of(const chunk_record& record) const {
  return {options_.identity, record};
}

void disk_store::on_work(std::function<void()> wake) {
  const std::lock_guard guard{mutex_};
  queue_.on_work(std::move(wake));
}

offer_result disk_store::offer(std::vector<kept_chunk> chunks) {
  std::vector<std::uint64_t> names;
  names.reserve(chunks.size());
  for (const auto& x : chunks)
    names.push_back(x.chunk.hash);
  const auto batch =
    std::make_shared<const std::vector<std::uint64_t>>(std::move(names));
  offer_result result;
  const auto now = options_.now();
  std::unique_lock guard{mutex_};
  catalog_.touch(*batch);
  for (auto& x : chunks) {
    const auto hash = x.chunk.hash;
    if (catalog_.find(hash) != nullptr || queue_.contains(hash))
      continue;
    if (is_stopped_ || !queue_.has_room(x.bytes.size())) {
      ++result.refused;
      continue;
    }
    queue_.push(std::move(x), batch, now);
    ++result.taken;
  }
  status_.refused_chunks += result.refused;
  const auto is_news = result.refused > 0 && !is_stopped_ && !is_refusing_;
  is_refusing_ = is_refusing_ || is_news;
  guard.unlock();
  if (is_news)
    spdlog::warn("disk_store: too slow, chunks not taken directory={}",
                 folder_.directory().string());
  return result;
}

std::size_t disk_store::stop_offers() {
  std::vector<kept_chunk> dropped;  // Its owners end without the lock.
  const std::lock_guard guard{mutex_};
  is_stopped_ = true;
  dropped = queue_.drop_all();
  return dropped.size();
}

std::optional<chunk_record> disk_store::find(std::uint64_t hash) const {
  const std::lock_guard guard{mutex_};
  const auto* found = catalog_.find(hash);
  return found == nullptr ? std::nullopt : std::optional{found->record};
}

std::size_t disk_store::count_prefix(
  std::span<const std::uint64_t> hashes) const {
  const std::lock_guard guard{mutex_};
  std::size_t count = 0;
  while (count < hashes.size() && catalog_.find(hashes[count]) != nullptr)
    ++count;
  return count;
}

void disk_store::touch(std::span<const std::uint64_t> hashes) {
  const std::lock_guard guard{mutex_};
  catalog_.touch(hashes);
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
  while (const auto chunk = locate(hash, raw.size(), is_use)) {
    const auto failure = load(*chunk, raw);
    if (!failure)
      return true;
    if (is_over(*chunk, failure))
      return false;
  }
  return false;
}

std::optional<disk_chunk> disk_store::locate(std::uint64_t hash,
                                             std::size_t raw_bytes,
                                             bool is_use) {
  const std::lock_guard guard{mutex_};
  const auto* found = catalog_.find(hash);
  if (found == nullptr || found->record.raw_bytes != raw_bytes)
    return std::nullopt;
  if (is_use)
    catalog_.touch({&hash, 1});
  return *found;
}

caf::error disk_store::load(const disk_chunk& chunk,
                            std::span<std::byte> raw) const {
  const auto file = chunk_file::open(folder_.path_of(chunk.name()));
  if (!file)
    return file.error();
  const auto& header = file->header();
  if (header.identity != options_.identity || header.chunk != chunk.record)
    return caf::make_error(errc::invalid_request, "another chunk's file");
  if (chunk.record.codec == codec_id::none)
    return file->read(raw);
  std::vector<std::byte> encoded(chunk.record.encoded_bytes);
  if (auto failure = file->read(encoded))
    return failure;
  return decode(chunk.record.codec, encoded, raw);
}

/// Does what has to be done with a chunk whose file could not be read. Returns
/// false if the chunk has another file by now, or none, so that this means
/// nothing.
bool disk_store::is_over(const disk_chunk& chunk, const caf::error& why) {
  const auto file = folder_.path_of(chunk.name());
  const auto is_damaged = why == errc::invalid_request;
  std::error_code ignored;
  const auto is_gone =
    !std::filesystem::exists(std::filesystem::symlink_status(file, ignored));
  {
    const std::lock_guard guard{mutex_};
    const auto* current = catalog_.find(chunk.record.hash);
    if (current == nullptr || current->generation != chunk.generation)
      return false;
    status_.last_error = describe(why);
    if (!is_damaged && !is_gone)  // We may be out of descriptors, say.
      return true;
    catalog_.drop(chunk.record.hash);
    report_evicted({&chunk, 1});
    status_.quarantined += is_damaged ? 1 : 0;
  }
  spdlog::warn("disk_store: chunk lost reason={}", describe(why));
  if (!is_damaged)
    return true;
  if (const auto failure = folder_.quarantine(file)) {
    const std::lock_guard guard{mutex_};
    status_.last_error = describe(failure);
  }
  return true;
}

void disk_store::remove_files(std::span<const disk_chunk> chunks) {
  for (const auto& x : chunks) {
    if (const auto failure = folder_.remove(x.name())) {
      const std::lock_guard guard{mutex_};
      status_.last_error = describe(failure);
    }
  }
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
          .used_bytes = catalog_.used_bytes(),
          .capacity_bytes = catalog_.capacity_bytes()};
}

membership_source::scan_step disk_store::scan(std::uint64_t cursor,
                                              std::size_t max_entries) const {
  const std::lock_guard guard{mutex_};
  return catalog_.scan(cursor, max_entries);
}

void disk_store::report_admitted(std::uint64_t hash) const {
  if (options_.listener != nullptr)
    options_.listener->chunks_admitted(location::disk, {&hash, 1});
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
