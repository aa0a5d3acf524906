#pragma once

#include "tests/support/disk_store_fixture.hpp"

#include <algorithm>
#include <list>
#include <map>

namespace kvc::test {

inline std::uint64_t bytes_as(std::uint64_t hash, codec_id codec) {
  return header_bytes + encoded_bytes(hash, codec);
}

/// The store's rules in the plainest way. Only when a pin ends is left to a
/// pin_board of its own.
struct naive_disk {
  struct held_chunk {
    codec_id codec = codec_id::none;
    std::uint64_t bytes = file_bytes;
    std::uint64_t written = 0;  ///< Grows with every file.
    bool is_damaged = false;
  };

  struct waiting_chunk {
    std::uint64_t hash = 0;
    std::shared_ptr<const hashes> offered_with;
  };

  std::uint64_t capacity = 0;
  std::size_t max_waiting = 0;
  std::map<std::uint64_t, held_chunk> held;
  std::list<std::uint64_t> order;  ///< All of `held`, the newest first.
  std::list<waiting_chunk> waiting;
  pin_board pins;
  std::uint64_t files_written = 0;
  chunk_store::time_point now{};
  test::changes changes;

  std::uint64_t used() const {
    std::uint64_t result = 0;
    for (const auto& [hash, x] : held)
      result += x.bytes;
    return result;
  }

  bool waits(std::uint64_t hash) const {
    return std::ranges::any_of(
      waiting, [hash](const auto& x) { return x.hash == hash; });
  }

  void expire() {
    for (const auto hash : pins.expire(now))
      make_newest(hash);
  }

  void make_newest(std::uint64_t hash) {
    order.remove(hash);
    order.push_front(hash);
  }

  void touch(const hashes& names) {
    std::for_each(names.rbegin(), names.rend(), [this](auto name) {
      if (held.contains(name) && !pins.is_pinned(name))
        make_newest(name);
    });
  }

  void drop(std::uint64_t hash) {
    held.erase(hash);
    order.remove(hash);
    pins.forget(hash);
    changes.emplace_back(false, hash);
  }

  bool make_room(std::uint64_t size, std::uint64_t borrowed) {
    expire();
    hashes victims;
    auto left = capacity - used();
    for (auto it = order.rbegin(); it != order.rend() && left < size; ++it) {
      if (*it == borrowed || pins.is_pinned(*it))
        continue;
      left += held[*it].bytes;
      victims.push_back(*it);
    }
    if (left < size)
      return false;
    for (const auto victim : victims)
      drop(victim);
    return true;
  }

  std::size_t offer(const hashes& names) {
    touch(names);
    const auto batch = std::make_shared<const hashes>(names);
    std::size_t taken = 0;
    for (const auto name : names) {
      if (held.contains(name) || waits(name) || waiting.size() == max_waiting)
        continue;
      waiting.push_back({name, batch});
      ++taken;
    }
    return taken;
  }

  bool write_next() {
    if (waiting.empty())
      return false;
    const auto [hash, batch] = waiting.front();
    const auto has_room = make_room(file_bytes, 0);
    waiting.pop_front();
    if (has_room) {
      held[hash] = {.written = ++files_written};
      order.push_front(hash);
      changes.emplace_back(true, hash);
    }
    if (waiting.empty() || waiting.front().offered_with != batch)
      touch(*batch);
    return !waiting.empty();
  }

  bool read(std::uint64_t hash) {
    if (!held.contains(hash))
      return false;
    touch({hash});
    if (!held[hash].is_damaged)
      return true;
    drop(hash);
    return false;
  }

  outcomes clear(const hashes& names) {
    expire();
    outcomes result;
    for (const auto name : names) {
      const auto was_coming =
        std::erase_if(waiting, [&](const auto& x) { return x.hash == name; });
      result.push_back(was_coming > 0         ? chunk_outcome::done
                       : !held.contains(name) ? chunk_outcome::absent
                       : pins.is_pinned(name) ? chunk_outcome::pinned
                                              : chunk_outcome::done);
      if (result.back() == chunk_outcome::done && was_coming == 0)
        drop(name);
    }
    return result;
  }

  outcomes pin(const hashes& names, chunk_store::time_point until) {
    expire();
    outcomes result(names.size(), chunk_outcome::absent);
    for (std::size_t i = 0; i < names.size() && held.contains(names[i]); ++i) {
      pins.pin(names[i], until);
      result[i] = chunk_outcome::done;
    }
    return result;
  }

  outcomes unpin(const hashes& names) {
    expire();
    outcomes result(names.size(), chunk_outcome::absent);
    for (auto i = names.size(); i-- > 0;) {
      if (!held.contains(names[i]))
        continue;
      const auto was_last = pins.unpin(names[i]);
      result[i] = was_last ? chunk_outcome::done : chunk_outcome::unchanged;
      if (was_last == true)
        make_newest(names[i]);
    }
    return result;
  }

  chunk_outcome recode(std::uint64_t hash, codec_id target) {
    if (!held.contains(hash))
      return chunk_outcome::absent;
    if (held[hash].codec == target)
      return chunk_outcome::unchanged;
    if (held[hash].is_damaged) {
      drop(hash);
      return chunk_outcome::failed;
    }
    if (target != codec_id::none && hash >= first_noise)
      return chunk_outcome::incompressible;
    const auto size = bytes_as(hash, target);
    if (target == codec_id::none ? used() + size > capacity
                                 : !make_room(size, hash))
      return chunk_outcome::no_room;
    held[hash] = {.codec = target, .bytes = size, .written = ++files_written};
    return chunk_outcome::done;
  }

  void reopen() {
    waiting.clear();
    pins = {};
    order.sort(
      [this](auto x, auto y) { return held[x].written > held[y].written; });
  }
};

}  // namespace kvc::test
