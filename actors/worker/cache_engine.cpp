#include "actors/worker/cache_engine.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <cstring>

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
  if (chunk.form != codec::none)
    return !decode(chunk.form, chunk.bytes, destination);
  std::memcpy(destination.data(), chunk.bytes.data(), chunk.bytes.size());
  return true;
}

}  // namespace

caf::expected<std::unique_ptr<cache_engine>> cache_engine::make(
  cache_engine_options options) {
  if (options.bytes_per_token == 0 || options.hashing.chunk_size == 0)
    return caf::make_error(errc::invalid_request, "chunks of no size");
  auto memory = arena::map(options.capacity_bytes);
  if (!memory)
    return std::move(memory.error());
  return std::unique_ptr<cache_engine>{
    new cache_engine{std::move(options), std::move(*memory)}};
}

cache_engine::cache_engine(cache_engine_options options, arena memory)
    : hasher_(std::make_unique<chunk_hasher>(options.hashing,
                                             options.save_unfull_chunk)),
      bytes_per_token_(options.bytes_per_token),
      format_(options.format),
      cpu_(std::move(memory), {.listener = options.listener,
                               .format = std::move(options.format)}) {}

caf::expected<store_result> cache_engine::store(
  std::span<const std::uint32_t> tokens,
  std::span<const std::span<const std::byte>> chunks) {
  const auto parts = cut(tokens);
  if (chunks.size() != parts.size())
    return wrong_count(chunks.size(), parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (chunks[i].size() != parts[i].bytes)
      return wrong_size(i, chunks[i].size(), parts[i].bytes);
  auto writer = cpu_.reserve(parts);
  const auto placed = writer.size();
  for (std::size_t i = 0; i < placed; ++i)
    if (const auto room = writer.room(i); !room.empty())
      std::memcpy(room.data(), chunks[i].data(), room.size());
  const auto stored = writer.commit();
  if (placed == 0 && !parts.empty())
    return caf::make_error(errc::no_capacity,
                           "no room for a chunk of " +
                             std::to_string(parts.front().bytes) + " bytes");
  return store_result{.stored = stored,
                      .already_held = placed - stored,
                      .failed = parts.size() - placed};
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
  std::size_t tokens_copied = 0;
  for (std::size_t i = copy_from_memory(hashes, destinations); i-- > 0;)
    tokens_copied += parts[i].tokens;
  return tokens_copied;
}

/// Returns how many chunks it copied, from the first one on.
std::size_t cache_engine::copy_from_memory(
  std::span<const std::uint64_t> hashes,
  std::span<const std::span<std::byte>> destinations) {
  std::size_t count = 0;
  {
    const auto reader = cpu_.acquire(hashes);
    const auto& chunks = reader.chunks();
    while (count < chunks.size() && restore(chunks[count], destinations[count]))
      ++count;
    if (count == chunks.size() ||
        chunks[count].raw_bytes != destinations[count].size())
      return count;
  }
  cpu_.discard(hashes[count]);  // It is damaged.
  return count;
}

std::size_t cache_engine::contains(
  std::span<const std::uint32_t> tokens) const {
  const auto count = cpu_.count_prefix(hasher_->hash_prompt(tokens));
  return std::min(count * hasher_->chunk_size(), tokens.size());
}

std::size_t cache_engine::evict(std::span<const std::uint32_t> tokens) {
  return cpu_.evict(hasher_->hash_prompt(tokens));
}

bool cache_engine::has(std::uint64_t hash) const {
  return cpu_.count_prefix({&hash, 1}) == 1;
}

membership_source::scan_step cache_engine::scan(location where,
                                                std::uint64_t cursor,
                                                std::size_t max_entries) const {
  return where == location::cpu ? cpu_.scan(cursor, max_entries) : scan_step{};
}

std::vector<location_usage> cache_engine::usage() const {
  return {cpu_.usage()};
}

chunk_store* cache_engine::at(location where) {
  return where == location::cpu ? &cpu_ : nullptr;
}

std::string cache_engine::check() { return cpu_.check(); }

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

}  // namespace kvc
