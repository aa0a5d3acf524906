#pragma once

#include "actors/store/cpu_store.hpp"
#include "tests/support/store_scene.hpp"

namespace kvc::test {

/// A store with room for four chunks.
struct cpu_store_fixture : store_scene {
  cpu_store_fixture() : store_scene(location::cpu) {}

  cpu_store store{map_arena(4 * raw_bytes),
                  {.listener = &log, .now = [this] { return now; }}};

  static std::vector<new_chunk> chunks_of(const hashes& names) {
    std::vector<new_chunk> result;
    for (const auto name : names)
      result.push_back({.hash = name, .bytes = raw_bytes, .tokens = 16});
    return result;
  }

  chunk_writer reserve(const hashes& names) {
    return store.reserve(chunks_of(names));
  }

  chunk_store& any() override { return store; }

  std::size_t put(const hashes& names) override {
    auto writer = reserve(names);
    for (std::size_t i = 0; i < writer.size(); ++i)
      if (const auto room = writer.room(i); !room.empty())
        std::ranges::copy(raw_of(names[i]), room.begin());
    return writer.commit();
  }

  void read(const hashes& names) override {
    CHECK(store.acquire(names).chunks().size() == names.size());
  }

  std::size_t count_prefix(const hashes& names) override {
    return store.count_prefix(names);
  }

  std::shared_ptr<const void> use(std::uint64_t name) override {
    auto reader = store.acquire({&name, 1});
    REQUIRE(!reader.chunks().empty());
    return std::make_shared<chunk_reader>(std::move(reader));
  }

  bool is_right(std::uint64_t name, codec_id codec) override {
    return is_right(store.borrow({&name, 1}), name, codec);
  }

  static bool is_right(const chunk_reader& reader, std::uint64_t name,
                       codec_id codec) {
    REQUIRE(reader.chunks().size() == 1);
    const auto& chunk = reader.chunks().front();
    if (chunk.codec != codec || chunk.raw_bytes != raw_bytes)
      return false;
    bytes restored(chunk.bytes.begin(), chunk.bytes.end());
    if (codec != codec_id::none) {
      restored.resize(raw_bytes);
      CHECK(!decode(codec, chunk.bytes, restored));
    }
    return restored == raw_of(name);
  }

  std::uint64_t bytes_as(std::uint64_t name, codec_id codec) override {
    return encoded_bytes(name, codec);
  }

  std::uint64_t room_as(std::uint64_t name, codec_id codec) override {
    return arena::rounded(encoded_bytes(name, codec));
  }
};

}  // namespace kvc::test
