#pragma once

#include "actors/store/cpu_store.hpp"
#include "tests/support/store_support.hpp"

namespace kvc::test {

using hashes = std::vector<std::uint64_t>;

constexpr std::uint64_t chunk_bytes = 64;

/// A store with room for four small chunks, and time that stands still.
struct cpu_store_fixture {
  change_recorder log;
  chunk_store::time_point now{};
  cpu_store store{map_arena(4 * chunk_bytes),
                  {.listener = &log, .now = [this] { return now; }}};

  static std::vector<new_chunk> chunks_of(const hashes& names) {
    std::vector<new_chunk> result;
    for (const auto name : names)
      result.push_back({.hash = name, .bytes = chunk_bytes, .tokens = 16});
    return result;
  }

  chunk_writer reserve(const hashes& names) {
    return store.reserve(chunks_of(names));
  }

  /// Returns how many chunks were admitted.
  std::size_t put(const hashes& names) {
    const auto chunks = chunks_of(names);
    auto writer = store.reserve(chunks);
    fill(writer, chunks);
    return writer.commit();
  }

  std::size_t read(const hashes& names) {
    return store.acquire(names).chunks().size();
  }

  /// Evicts everything by storing the chunks 100 to 103; returns the order.
  hashes eviction_order() {
    log.take();
    hashes result;
    for (const std::uint64_t name : {100U, 101U, 102U, 103U})
      put({name});
    for (const auto& [is_admitted, hash] : log.take())
      if (!is_admitted)
        result.push_back(hash);
    return result;
  }
};

}  // namespace kvc::test
