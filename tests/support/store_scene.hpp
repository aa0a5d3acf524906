#pragma once

#include "tests/support/store_support.hpp"

#include <memory>
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

inline std::uint64_t encoded_bytes(std::uint64_t hash, codec_id codec) {
  if (codec == codec_id::none)
    return raw_bytes;
  const auto encoded = encode(codec, raw_of(hash), {});
  REQUIRE(encoded);
  REQUIRE(encoded->has_value());
  return (**encoded).size();
}

inline outcomes outcomes_of(const std::vector<chunk_change>& all) {
  outcomes result;
  for (const auto& each : all)
    result.push_back(each.outcome);
  return result;
}

inline std::set<std::uint64_t> scan_all(const chunk_store& store) {
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

/// A store with room for four chunks as stored, in the terms that all stores
/// share, and time that stands still.
struct store_scene {
  explicit store_scene(location where) : log(where) {}
  store_scene(const store_scene&) = delete;
  store_scene& operator=(const store_scene&) = delete;
  virtual ~store_scene() = default;

  virtual chunk_store& any() = 0;

  /// Stores a prompt's chunks; returns how many are new.
  virtual std::size_t put(const hashes& names) = 0;

  /// Reads a prompt's chunks, as a use of them.
  virtual void read(const hashes& names) = 0;

  virtual std::size_t count_prefix(const hashes& names) = 0;

  /// Keeps a chunk in use until the result ends.
  virtual std::shared_ptr<const void> use(std::uint64_t name) = 0;

  /// Whether the chunk is here, encoded as told, and restores to what was
  /// stored.
  virtual bool is_right(std::uint64_t name, codec_id codec) = 0;

  /// The bytes that the store says a chunk takes, and those that it takes.
  virtual std::uint64_t bytes_as(std::uint64_t name, codec_id codec) = 0;
  virtual std::uint64_t room_as(std::uint64_t name, codec_id codec) = 0;

  /// Pins for ever, or for some seconds.
  outcomes pin(const hashes& names, int seconds = 0) {
    const auto until = now + std::chrono::seconds{seconds};
    return outcomes_of(
      any().pin(names, seconds == 0 ? std::nullopt : std::optional{until}));
  }

  outcomes unpin(const hashes& names) {
    return outcomes_of(any().unpin(names));
  }

  outcomes clear(const hashes& names) {
    return outcomes_of(any().clear(names));
  }

  chunk_outcome recode(std::uint64_t name, codec_id target) {
    return any().recode(name, target).outcome;
  }

  void pass(int seconds) { now += std::chrono::seconds{seconds}; }

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

  change_recorder log;
  chunk_store::time_point now{};
};

}  // namespace kvc::test
