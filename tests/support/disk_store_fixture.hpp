#pragma once

#include "actors/store/disk_store.hpp"
#include "tests/support/store_support.hpp"
#include "tests/support/temporary_directory.hpp"

#include <random>

namespace kvc::test {

using hashes = std::vector<std::uint64_t>;
using bytes = std::vector<std::byte>;
using changes = std::vector<change_recorder::change>;
using outcomes = std::vector<chunk_outcome>;

constexpr std::uint64_t raw_bytes = 512;

/// The chunks below compress well, the others not at all.
constexpr std::uint64_t first_noise = 1000;

inline bytes raw_of(std::uint64_t hash) {
  bytes result(raw_bytes, fill_of(hash));
  std::mt19937_64 random{hash};
  if (hash >= first_noise)
    for (auto& x : result)
      x = static_cast<std::byte>(random());
  return result;
}

inline disk_identity sample_identity() {
  return {.id = {"vllm-0", 3},
          .model = "llama",
          .hashing = {hash_algorithm::sha256_cbor, 64, 77},
          .format = {}};
}

/// What a file of sample_identity() takes.
constexpr std::uint64_t header_bytes = 88 + 6 + 5;
constexpr std::uint64_t file_bytes = header_bytes + raw_bytes;

inline std::uint64_t encoded_bytes(std::uint64_t hash, codec_id codec) {
  const auto encoded = encode(codec, raw_of(hash), {});
  REQUIRE(encoded);
  REQUIRE(encoded->has_value());
  return (**encoded).size();
}

inline kept_chunk kept_of(std::uint64_t hash) {
  auto owner = std::make_shared<const bytes>(raw_of(hash));
  const std::span<const std::byte> view{*owner};
  return {.chunk = {.hash = hash, .bytes = raw_bytes, .tokens = 16},
          .codec = codec_id::none,
          .bytes = view,
          .owner = std::move(owner)};
}

inline std::vector<kept_chunk> kept_of(const hashes& names) {
  std::vector<kept_chunk> result;
  for (const auto name : names)
    result.push_back(kept_of(name));
  return result;
}

inline void write_all(disk_store& store) {
  while (store.write_next()) {
  }
}

/// Reads the chunk; whether it is here. Fails if a byte of it is wrong.
inline bool has_right(disk_store& store, std::uint64_t hash) {
  bytes raw(raw_bytes);
  if (!store.read(hash, raw))
    return false;
  CHECK(raw == raw_of(hash));
  return true;
}

inline std::set<std::uint64_t> scan_all(const disk_store& store) {
  std::set<std::uint64_t> result;
  std::uint64_t cursor = 0;
  do {
    const auto step = store.scan(cursor, 3);
    for (const auto hash : step.hashes)
      CHECK(result.insert(hash).second);
    cursor = step.next_cursor;
  } while (cursor != 0);
  return result;
}

inline outcomes outcomes_of(const std::vector<chunk_change>& all) {
  outcomes result;
  for (const auto& each : all)
    result.push_back(each.outcome);
  return result;
}

/// A store with room for four files, and time that stands still.
struct disk_store_fixture {
  temporary_directory directory;
  change_recorder log{location::disk};
  chunk_store::time_point now{};
  std::uint64_t free_bytes = std::uint64_t{1} << 40U;
  disk_store_options options{
    .directory = directory.path() / "chunks",
    .capacity_bytes = 4 * file_bytes,
    .identity = sample_identity(),
    .max_queue_bytes = 10 * raw_bytes,
    .listener = &log,
    .now = [this] { return now; },
    .free_bytes =
      [this](const auto&) { return caf::expected<std::uint64_t>{free_bytes}; }};
  std::unique_ptr<disk_store> store = open();

  std::unique_ptr<disk_store> open() const {
    auto result = disk_store::open(options);
    REQUIRE(result);
    return std::move(*result);
  }

  void reopen() {
    store.reset();
    store = open();
  }

  std::size_t offer(const hashes& names) {
    return store->offer(kept_of(names)).taken;
  }

  void put(const hashes& names) {
    offer(names);
    write_all(*store);
  }

  bool has(std::uint64_t hash) { return has_right(*store, hash); }

  /// The files of chunks, by name.
  std::vector<std::filesystem::path> files() const {
    auto result = files_below(options.directory);
    std::erase_if(result, [](const auto& x) {
      return x.extension() != ".chunk" ||
             x.parent_path().filename() == "quarantine";
    });
    return result;
  }

  std::size_t quarantined() const {
    const auto folder = options.directory / "quarantine";
    return std::filesystem::exists(folder) ? files_below(folder).size() : 0;
  }

  /// Evicts everything by storing the chunks 100 to 103; returns the order.
  hashes eviction_order() {
    log.take();
    for (const std::uint64_t name : {100U, 101U, 102U, 103U})
      put({name});
    hashes result;
    for (const auto& [is_admitted, hash] : log.take())
      if (!is_admitted)
        result.push_back(hash);
    return result;
  }
};

}  // namespace kvc::test
