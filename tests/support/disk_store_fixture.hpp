#pragma once

#include "actors/store/disk_store.hpp"
#include "tests/support/store_scene.hpp"
#include "tests/support/temporary_directory.hpp"

namespace kvc::test {

constexpr std::uint32_t tokens_of_chunk = 16;

inline disk_identity sample_identity() {
  return {.id = {"vllm-0", 3},
          .model = "llama",
          .hashing = {hash_algorithm::sha256_cbor, 64, 77},
          .format = {},
          .bytes_per_token = raw_bytes / tokens_of_chunk};
}

/// What a file of sample_identity() takes.
constexpr std::uint64_t header_bytes = 88 + 6 + 5;
constexpr std::uint64_t file_bytes = header_bytes + raw_bytes;

inline kept_chunk kept_of(std::uint64_t hash) {
  auto owner = std::make_shared<const bytes>(raw_of(hash));
  const std::span<const std::byte> view{*owner};
  return {
    .chunk = {.hash = hash, .bytes = raw_bytes, .tokens = tokens_of_chunk},
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

/// The folder of an identity's files, by one of them.
inline std::filesystem::path home_of(const std::filesystem::path& file) {
  return file.parent_path().parent_path();
}

/// A store with room for four files.
struct disk_store_fixture : store_scene {
  disk_store_fixture() : store_scene(location::disk) {}

  temporary_directory directory;
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

  chunk_store& any() override { return *store; }

  std::size_t put(const hashes& names) override {
    hashes missing;
    for (const auto name : names)
      if (!store->find(name))
        missing.push_back(name);
    offer(names);
    write_all(*store);
    return static_cast<std::size_t>(std::ranges::count_if(
      missing, [this](auto name) { return store->find(name).has_value(); }));
  }

  void read(const hashes& names) override {
    for (const auto name : names)
      CHECK(has(name));
    store->touch(names);
  }

  std::size_t count_prefix(const hashes& names) override {
    return store->count_prefix(names);
  }

  std::shared_ptr<const void> use(std::uint64_t name) override {
    auto hold = store->hold(name);
    REQUIRE(hold);
    return std::make_shared<disk_hold>(std::move(*hold));
  }

  bool is_right(std::uint64_t name, codec_id codec) override {
    const auto found = store->find(name);
    bytes raw(raw_bytes);
    return found && found->codec == codec && store->peek(name, raw) &&
           raw == raw_of(name);
  }

  std::uint64_t bytes_as(std::uint64_t name, codec_id codec) override {
    return header_bytes + encoded_bytes(name, codec);
  }

  std::uint64_t room_as(std::uint64_t name, codec_id codec) override {
    return bytes_as(name, codec);
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
};

}  // namespace kvc::test
