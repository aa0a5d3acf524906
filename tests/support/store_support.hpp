#pragma once

#include "actors/store/cpu_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace kvc::test {

/// Remembers every change in order: true for admitted.
struct change_recorder final : membership_listener {
  using change = std::pair<bool, std::uint64_t>;

  explicit change_recorder(location x = location::cpu) : of(x) {}

  location of;
  std::vector<change> changes;

  void chunks_admitted(location where,
                       std::span<const std::uint64_t> hashes) override {
    append(where, true, hashes);
  }

  void chunks_evicted(location where,
                      std::span<const std::uint64_t> hashes) override {
    append(where, false, hashes);
  }

  /// Returns the changes since the last call.
  std::vector<change> take() { return std::exchange(changes, {}); }

  /// Returns what the changes leave behind. Fails if one repeats the state.
  std::set<std::uint64_t> held() const {
    std::set<std::uint64_t> result;
    std::size_t repeated = 0;
    for (const auto& [is_admitted, hash] : changes) {
      const auto is_news =
        is_admitted ? result.insert(hash).second : result.erase(hash) == 1;
      repeated += is_news ? 0 : 1;
    }
    CHECK(repeated == 0);
    return result;
  }

 private:
  void append(location where, bool is_admitted,
              std::span<const std::uint64_t> hashes) {
    CHECK(where == of);
    for (const auto hash : hashes)
      changes.emplace_back(is_admitted, hash);
  }
};

inline arena map_arena(std::uint64_t bytes) {
  auto result = arena::map(bytes);
  REQUIRE(result);
  return std::move(*result);
}

/// Clears chunks; returns how many of them were there and could go.
inline std::size_t evict(chunk_store& store,
                         std::span<const std::uint64_t> hashes) {
  return static_cast<std::size_t>(std::ranges::count(
    store.clear(hashes), chunk_outcome::done, &chunk_change::outcome));
}

/// The byte that fills the chunk `hash` in these tests.
inline std::byte fill_of(std::uint64_t hash) {
  return static_cast<std::byte>(hash * 0x9E3779B97F4A7C15U >> 56U);
}

/// Writes what the writer has room for, as its owner does without a lock.
inline void fill(const chunk_writer& writer,
                 std::span<const new_chunk> chunks) {
  for (std::size_t i = 0; i < writer.size(); ++i)
    std::ranges::fill(writer.room(i), fill_of(chunks[i].hash));
}

inline bool is_filled(std::span<const std::byte> bytes, std::uint64_t hash) {
  return std::ranges::all_of(bytes,
                             [=](std::byte x) { return x == fill_of(hash); });
}

}  // namespace kvc::test
