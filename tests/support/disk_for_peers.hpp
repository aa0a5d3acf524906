#pragma once

#include "tests/support/disk_store_fixture.hpp"
#include "tests/support/peer_fixture.hpp"

#include <fstream>

namespace kvc::test {

/// A disk whose chunks are as large as those of memories.
struct disk_for_peers {
  temporary_directory directory;
  change_recorder disk_log{location::disk};
  std::unique_ptr<disk_store> files;

  /// With room for so many chunks that compress badly.
  explicit disk_for_peers(std::uint64_t chunks = 1'000) {
    auto identity = sample_identity();
    identity.bytes_per_token = chunk_bytes / chunk_tokens;
    auto opened =
      disk_store::open({.directory = directory.path() / "chunks",
                        .capacity_bytes = chunks * (header_bytes + chunk_bytes),
                        .identity = std::move(identity),
                        .max_queue_bytes = chunk_bytes,
                        .listener = &disk_log});
    REQUIRE(opened);
    files = std::move(*opened);
  }

  /// Writes chunks, each filled with its own byte.
  void put_on_disk(const hashes& names) const {
    for (const auto name : names)
      CHECK(files->write(filled(name)) == chunk_outcome::done);
  }

  /// Has one chunk wait for the disk, which has room for no other.
  void offer_to_disk(std::uint64_t name) const {
    CHECK(files->offer({filled(name)}).taken == 1);
  }

  static kept_chunk filled(std::uint64_t name) {
    const auto raw = std::make_shared<const bytes>(chunk_bytes, fill_of(name));
    return {{.hash = name, .bytes = chunk_bytes, .tokens = chunk_tokens},
            codec_id::none,
            *raw,
            raw};
  }

  /// Which of `names` are on disk. Fails if a byte of one is wrong.
  hashes on_disk(const hashes& names) const {
    hashes result;
    for (const auto name : names) {
      bytes raw(chunk_bytes);
      if (!files->read(name, raw))
        continue;
      CHECK(is_filled(raw, name));
      result.push_back(name);
    }
    return result;
  }

  chunk_outcome clear_on_disk(std::uint64_t name) const {
    return files->clear({&name, 1})[0].outcome;
  }

  /// Changes the last byte of every file.
  void damage_files() const {
    for (const auto& path : files_below(directory.path() / "chunks"))
      if (path.extension() == ".chunk") {
        std::fstream file{path, std::ios::in | std::ios::out};
        file.seekg(-1, std::ios::end);
        const auto last = file.get();
        file.seekp(-1, std::ios::end);
        file.put(static_cast<char>(last ^ 1));
      }
  }
};

}  // namespace kvc::test
