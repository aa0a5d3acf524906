#include "actors/worker/cache_engine.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "messages/errors.hpp"
#include "net/transport/checksum.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvc {

namespace {

caf::error wrong_count(std::size_t given, std::size_t chunks) {
  return caf::make_error(
    errc::invalid_request,
    std::to_string(given) + " spans for " + std::to_string(chunks) + " chunks");
}

caf::error wrong_size(std::size_t index, std::size_t given,
                      std::uint64_t expected) {
  return caf::make_error(errc::invalid_request,
                         "chunk " + std::to_string(index) + " has " +
                           std::to_string(given) + " bytes instead of " +
                           std::to_string(expected));
}

/// Writes the chunk as it was stored to `destination`. Returns false if that
/// has another size, because the hash is another chunk's too, or if the chunk
/// is damaged.
bool restore(const chunk_reader::chunk& chunk,
             std::span<std::byte> destination) {
  if (chunk.raw_bytes != destination.size())
    return false;
  if (chunk.codec != codec_id::none)
    return !decode(chunk.codec, chunk.bytes, destination);
  std::memcpy(destination.data(), chunk.bytes.data(), chunk.bytes.size());
  return true;
}

}  // namespace

caf::expected<std::unique_ptr<cache_engine>> cache_engine::make(
  cache_engine_options options) {
  if (options.bytes_per_token == 0 || options.hashing.chunk_size == 0)
    return caf::make_error(errc::invalid_request, "chunks of no size");
  if (options.capacity_bytes == 0 && options.disk == nullptr)
    return caf::make_error(errc::invalid_request, "no location");
  cpu_store_options memory_options{.listener = options.listener,
                                   .format = std::move(options.format),
                                   .now = options.now};
  const auto capacity = options.capacity_bytes;
  const auto region = options.region;
  std::unique_ptr<cache_engine> result{new cache_engine{std::move(options)}};
  if (capacity == 0)
    return result;
  auto memory = region.empty() ? arena::map(capacity) : arena::over(region);
  if (!memory)
    return std::move(memory.error());
  result->cpu_ =
    std::make_unique<cpu_store>(std::move(*memory), std::move(memory_options));
  return result;
}

cache_engine::cache_engine(cache_engine_options options)
    : hasher_(std::make_unique<chunk_hasher>(options.hashing,
                                             options.save_unfull_chunk)),
      bytes_per_token_(options.bytes_per_token),
      keeps_checksums_(options.keeps_checksums),
      disk_(std::move(options.disk)) {}

caf::expected<store_result> cache_engine::store(
  std::span<const std::uint32_t> tokens,
  std::span<const std::span<const std::byte>> chunks) {
  const auto parts = cut(tokens);
  if (chunks.size() != parts.size())
    return wrong_count(chunks.size(), parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (chunks[i].size() != parts[i].bytes)
      return wrong_size(i, chunks[i].size(), parts[i].bytes);
  const auto result =
    cpu_ ? store_in_memory(parts, chunks) : store_on_disk(parts, chunks);
  if (!parts.empty() && result.failed == parts.size())
    return caf::make_error(errc::no_capacity,
                           "no room for a chunk of " +
                             std::to_string(parts.front().bytes) + " bytes");
  return result;
}

store_result cache_engine::store_in_memory(std::span<const new_chunk> parts,
                                           sources chunks) {
  auto writer = cpu_->reserve(parts);
  const auto placed = writer.size();
  for (std::size_t i = 0; i < placed; ++i)
    if (const auto room = writer.room(i); !room.empty()) {
      if (keeps_checksums_)
        writer.set_checksum(i, copy_with_checksum(room, chunks[i]));
      else
        std::memcpy(room.data(), chunks[i].data(), room.size());
    }
  const auto stored = writer.commit();
  if (disk_)
    write_behind(parts.first(placed));
  return {.stored = stored,
          .already_held = placed - stored,
          .failed = parts.size() - placed};
}

store_result cache_engine::store_on_disk(std::span<const new_chunk> parts,
                                         sources chunks) {
  std::vector<kept_chunk> copies;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto copy = std::make_shared<const std::vector<std::byte>>(
      chunks[i].begin(), chunks[i].end());
    copies.push_back({parts[i], codec_id::none, *copy, copy});
  }
  const auto offered = disk_->offer(std::move(copies));
  return {.stored = offered.taken,
          .already_held = parts.size() - offered.taken - offered.refused,
          .failed = offered.refused};
}

/// Offers to the disk what is in memory.
void cache_engine::write_behind(std::span<const new_chunk> parts) {
  std::vector<kept_chunk> lent;
  for (const auto& part : parts) {
    const auto reader =
      std::make_shared<const chunk_reader>(cpu_->borrow({&part.hash, 1}));
    if (reader->chunks().empty())
      continue;  // Evicted or cleared since.
    const auto& chunk = reader->chunks().front();
    lent.push_back({part, chunk.codec, chunk.bytes, reader});
  }
  disk_->offer(std::move(lent));
}

caf::expected<std::size_t> cache_engine::retrieve(
  std::span<const std::uint32_t> tokens,
  std::span<const std::span<std::byte>> destinations) {
  const auto parts = cut(tokens);
  if (destinations.size() > parts.size())
    return wrong_count(destinations.size(), parts.size());
  std::vector<std::uint64_t> hashes;
  hashes.reserve(destinations.size());
  for (std::size_t i = 0; i < destinations.size(); ++i) {
    if (destinations[i].size() != parts[i].bytes)
      return wrong_size(i, destinations[i].size(), parts[i].bytes);
    hashes.push_back(parts[i].hash);
  }
  const std::span<const std::uint64_t> names{hashes};
  auto count = copy_from_stores(parts, names, destinations);
  if (count < names.size()) {
    const auto fetched =
      copy_from_peers(std::span{parts}.subspan(count), names.subspan(count),
                      destinations.subspan(count));
    count += fetched;
    if (fetched > 0)  // All of it counts as used together: the tail goes first.
      cpu_->acquire(names.first(count));
  }
  std::size_t tokens_copied = 0;
  for (std::size_t i = 0; i < count; ++i)
    tokens_copied += parts[i].tokens;
  return tokens_copied;
}

void cache_engine::set_peers(std::shared_ptr<peer_source> peers) {
  peers_ = std::move(peers);
}

/// Returns how many chunks it copied, from the first one on, as do the next.
std::size_t cache_engine::copy_from_stores(
  std::span<const new_chunk> parts, std::span<const std::uint64_t> hashes,
  targets to) {
  auto count = copy_from_memory(hashes, to);
  const auto in_memory = count;
  while (count < hashes.size() && disk_ &&
         disk_->read(hashes[count], to[count])) {
    ++count;
    count += copy_from_memory(hashes.subspan(count), to.subspan(count));
  }
  if (cpu_ && count > in_memory)
    keep_in_memory(parts.first(count), to);
  if (disk_)
    disk_->touch(hashes.first(count));
  return count;
}

std::size_t cache_engine::copy_from_peers(std::span<const new_chunk> parts,
                                          std::span<const std::uint64_t> hashes,
                                          targets to) {
  const auto peers = peers_.load();
  if (!peers || !cpu_)
    return 0;
  const auto fetched = peers->fetch(hashes);
  if (fetched.chunks == 0)
    return 0;
  const auto count = copy_from_memory(hashes, to);
  chunks_from_peers_ += count;
  for (const auto& part : parts.first(count))
    bytes_from_peers_ += part.bytes;
  if (disk_)
    write_behind(parts.first(count));
  return count;
}

std::size_t cache_engine::copy_from_memory(
  std::span<const std::uint64_t> hashes, targets to) {
  if (!cpu_)
    return 0;
  std::size_t count = 0;
  {
    const auto reader = cpu_->acquire(hashes);
    const auto& chunks = reader.chunks();
    while (count < chunks.size() && restore(chunks[count], to[count]))
      ++count;
    if (count == chunks.size() || chunks[count].raw_bytes != to[count].size())
      return count;
  }
  cpu_->discard(hashes[count]);  // It is damaged.
  return count;
}

/// Keeps what came from the disk, as far as there is room. All of the prompt
/// counts as used together, so that it loses its tail first.
void cache_engine::keep_in_memory(std::span<const new_chunk> parts,
                                  targets copies) {
  auto writer = cpu_->reserve(parts);
  for (std::size_t i = 0; i < writer.size(); ++i)
    if (const auto room = writer.room(i); !room.empty())
      std::memcpy(room.data(), copies[i].data(), room.size());
  writer.commit();
}

std::vector<new_chunk> cache_engine::cut(
  std::span<const std::uint32_t> tokens) const {
  const auto hashes = hasher_->hash_prompt(tokens);
  const std::size_t chunk_size = hasher_->chunk_size();
  std::vector<new_chunk> result;
  result.reserve(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto size = std::min(chunk_size, tokens.size() - i * chunk_size);
    result.push_back({.hash = hashes[i],
                      .bytes = size * bytes_per_token_,
                      .tokens = static_cast<std::uint32_t>(size)});
  }
  return result;
}

std::size_t cache_engine::count_prefix(
  std::span<const std::uint64_t> hashes) const {
  std::size_t count = 0;
  for (std::size_t step = 1; step > 0 && count < hashes.size(); count += step) {
    step = cpu_ ? cpu_->count_prefix(hashes.subspan(count)) : 0;
    if (disk_)
      step += disk_->count_prefix(hashes.subspan(count + step));
  }
  return count;
}

std::size_t cache_engine::contains(
  std::span<const std::uint32_t> tokens) const {
  const auto count = count_prefix(hasher_->hash_prompt(tokens));
  return std::min(count * hasher_->chunk_size(), tokens.size());
}

std::size_t cache_engine::evict(std::span<const std::uint32_t> tokens) {
  const auto hashes = hasher_->hash_prompt(tokens);
  std::size_t count = 0;
  for (const auto where : {location::cpu, location::disk})
    if (auto* const store = at(where))
      count += static_cast<std::size_t>(std::ranges::count(
        store->clear(hashes), chunk_outcome::done, &chunk_change::outcome));
  return count;
}

bool cache_engine::has(std::uint64_t hash) const {
  return count_prefix({&hash, 1}) == 1;
}

std::uint64_t cache_engine::drops() const {
  return (cpu_ ? cpu_->drops() : 0) +
         (disk_ ? disk_->state().dropped_chunks : 0);
}

membership_source::scan_step cache_engine::scan(location where,
                                                std::uint64_t cursor,
                                                std::size_t max_entries) const {
  const auto* const store = at(where);
  return store == nullptr ? scan_step{} : store->scan(cursor, max_entries);
}

std::vector<location_usage> cache_engine::usage() const {
  std::vector<location_usage> result;
  for (const auto where : {location::cpu, location::disk})
    if (const auto* const store = at(where))
      result.push_back(store->usage());
  return result;
}

chunk_store* cache_engine::at(location where) const {
  switch (where) {
    case location::cpu:
      return cpu_.get();
    case location::disk:
      return disk_.get();
  }
  return nullptr;
}

}  // namespace kvc
