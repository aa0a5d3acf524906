#pragma once

#include "actors/store/chunk_record.hpp"
#include "actors/store/chunk_store.hpp"
#include "actors/store/chunk_table.hpp"
#include "actors/store/lru.hpp"
#include "actors/store/pin_board.hpp"

#include <algorithm>
#include <cassert>
#include <concepts>
#include <functional>
#include <utility>

namespace kvc {

/// What a store keeps in its chunk_catalog for each chunk.
template <class Chunk>
concept catalog_chunk = requires(const Chunk x) {
  { x.record } -> std::convertible_to<chunk_record>;
  { x.bytes() } -> std::same_as<std::uint64_t>;  // That commands report.
  { x.room() } -> std::same_as<std::uint64_t>;   // That its dropping frees.
  { x.version() } -> std::equality_comparable;   // Another one for new bytes.
};

/// The bookkeeping of a store: which chunks are here, who uses and who pins
/// them, and which go first when room is needed. Knows nothing of their bytes.
/// Not thread-safe.
///
/// A chunk has a place, a small number, and keeps it while it is here.
template <catalog_chunk Chunk>
class chunk_catalog {
 public:
  using time_point = chunk_store::time_point;
  using hash_span = std::span<const std::uint64_t>;
  using place = std::uint32_t;

  static constexpr place none = chunk_table::none;

  struct entry {
    Chunk chunk{};
    std::uint32_t users = 0;      ///< While any, neither evicted nor cleared.
    std::uint32_t readers = 0;    ///< Of this version; while any, not evicted.
    std::uint32_t admission = 0;  ///< Counts the chunks that had this place.
    bool is_here = false;
    bool is_pinned = false;

    /// Whether the chunk has a rank in the order of eviction.
    bool is_idle() const { return is_here && users == 0 && !is_pinned; }

    bool is_evictable() const { return is_idle() && readers == 0; }
  };

  /// Returns the place of a chunk; `none` if it is absent.
  place find(std::uint64_t hash) const { return table_.find(hash); }

  /// Fetches what the next find() of `hash` needs into the processor's cache.
  void prefetch(std::uint64_t hash) const { table_.prefetch(hash); }

  /// Valid until the next change.
  const entry& at(place x) const { return entries_[x]; }

  /// For changes on which neither room() nor version() depends.
  Chunk& chunk_at(place x) { return entries_[x].chunk; }

  std::size_t size() const { return table_.size(); }

  /// The room that all chunks take, and those of them that can be evicted.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t evictable_bytes() const { return evictable_bytes_; }

  /// Returns how many of `hashes` are here up to the first that is not.
  std::size_t count_prefix(hash_span hashes) const {
    const auto is_absent = [this](auto hash) { return find(hash) == none; };
    return static_cast<std::size_t>(std::ranges::find_if(hashes, is_absent) -
                                    hashes.begin());
  }

  /// Adds a chunk, which must be absent, as used now.
  place admit(Chunk chunk, std::uint32_t users = 0);

  /// Removes a chunk that is here, whoever uses or pins it.
  Chunk drop(place x);

  /// Gives a chunk a new version, which has no readers. Is no use of it.
  void replace(place x, Chunk chunk) {
    change(x, [&](entry& e) {
      e.chunk = std::move(chunk);
      e.readers = 0;
    });
  }

  /// Counts a chunk, which may be absent, as used now.
  void touch(std::uint64_t hash);

  /// Keeps a chunk from being evicted and cleared until remove_user().
  void add_user(place x) {
    change(x, [](entry& e) { ++e.users; });
  }

  /// A chunk without its last user counts as used now.
  void remove_user(place x) {
    assert(at(x).users > 0);
    change(x, [](entry& e) { --e.users; });
  }

  /// Keeps a chunk from being evicted until remove_reader(), replace() or
  /// drop().
  void add_reader(place x) {
    change(x, [](entry& e) { ++e.readers; });
  }

  /// Returns false, and changes nothing, if the place has another version or no
  /// chunk by now.
  template <class Version>
  bool remove_reader(place x, const Version& version);

  /// Returns whether the place has a chunk, and this version of it.
  template <class Version>
  bool is_version(place x, const Version& version) const {
    return at(x).is_here && at(x).chunk.version() == version;
  }

  /// Returns whether the place has the same chunk as when its entry had this
  /// `admission`, without a drop() in between.
  bool is_admission(place x, std::uint32_t admission) const {
    return at(x).is_here && at(x).admission == admission;
  }

  /// Returns the place of the chunk to evict first, the one unused for longest
  /// of those without users, readers and pins; `none` if there is none.
  place oldest() const;

  /// See chunk_store::pin.
  std::vector<chunk_change> pin(hash_span hashes,
                                std::optional<time_point> until);

  /// See chunk_store::unpin. A chunk without its last pin counts as used now.
  std::vector<chunk_change> unpin(hash_span hashes);

  /// Ends the pins whose time is over. Asks for the time only if there are any.
  void expire_pins(const std::function<time_point()>& now);

  /// Returns `done`, with what clearing the chunk frees, or why it must stay.
  chunk_change clearing(place x) const;

  /// See membership_source::scan.
  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const;

  /// Returns what is wrong with the bookkeeping; empty if nothing.
  std::string check() const;

 private:
  /// Changes an entry and what follows from it for the order of eviction.
  template <class Function>
  void change(place x, Function edit);

  void set_pinned(place x, bool is_pinned) {
    change(x, [=](entry& e) { e.is_pinned = is_pinned; });
  }

  static chunk_change pinned_change(const Chunk& x) {
    return {chunk_outcome::done, x.record.tokens, x.bytes(), x.bytes()};
  }

  chunk_table table_;           ///< Finds the chunks that are here.
  std::vector<entry> entries_;  ///< By place.
  std::vector<place> vacant_;   ///< The places without a chunk.
  pin_board pins_;              ///< Of chunks that are here.
  lru recency_;                 ///< Of those that are idle.
  std::uint64_t bytes_ = 0;
  std::uint64_t evictable_bytes_ = 0;
};

template <catalog_chunk Chunk>
auto chunk_catalog<Chunk>::admit(Chunk chunk, std::uint32_t users) -> place {
  if (vacant_.empty()) {
    vacant_.push_back(static_cast<place>(entries_.size()));
    entries_.emplace_back();
  }
  const auto x = vacant_.back();
  vacant_.pop_back();
  table_.insert(chunk.record.hash, x);
  change(x, [&](entry& e) {
    e.chunk = std::move(chunk);
    e.users = users;
    ++e.admission;
    e.is_here = true;
  });
  return x;
}

template <catalog_chunk Chunk>
Chunk chunk_catalog<Chunk>::drop(place x) {
  auto result = at(x).chunk;
  change(x, [](entry& e) { e = {.admission = e.admission}; });
  table_.erase(result.record.hash);
  pins_.forget(result.record.hash);
  vacant_.push_back(x);
  if (recency_.oldest() != lru::none)  // Likely to be the next to go.
    table_.prefetch(at(recency_.oldest()).chunk.record.hash);
  return result;
}

template <catalog_chunk Chunk>
void chunk_catalog<Chunk>::touch(std::uint64_t hash) {
  const auto x = find(hash);
  if (x == none || !at(x).is_idle())
    return;
  recency_.remove(x);
  recency_.add_newest(x);
}

template <catalog_chunk Chunk>
template <class Version>
bool chunk_catalog<Chunk>::remove_reader(place x, const Version& version) {
  if (!is_version(x, version))
    return false;
  assert(at(x).readers > 0);
  change(x, [](entry& e) { --e.readers; });
  return true;
}

template <catalog_chunk Chunk>
auto chunk_catalog<Chunk>::oldest() const -> place {
  auto x = recency_.oldest();
  while (x != lru::none && !at(x).is_evictable())
    x = recency_.newer(x);
  return x;
}

template <catalog_chunk Chunk>
std::vector<chunk_change> chunk_catalog<Chunk>::pin(
  hash_span hashes, std::optional<time_point> until) {
  std::vector<chunk_change> result(hashes.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    const auto x = find(hashes[i]);
    if (x == none)
      break;
    if (pins_.pin(hashes[i], until))
      set_pinned(x, true);
    result[i] = pinned_change(at(x).chunk);
  }
  return result;
}

template <catalog_chunk Chunk>
std::vector<chunk_change> chunk_catalog<Chunk>::unpin(hash_span hashes) {
  std::vector<chunk_change> result(hashes.size());
  for (auto i = hashes.size(); i-- > 0;) {
    const auto x = find(hashes[i]);
    if (x == none)
      continue;
    const auto was_last = pins_.unpin(hashes[i]);
    if (was_last == true)
      set_pinned(x, false);
    if (was_last)
      result[i] = pinned_change(at(x).chunk);
    else
      result[i] = {.outcome = chunk_outcome::unchanged};
  }
  return result;
}

template <catalog_chunk Chunk>
void chunk_catalog<Chunk>::expire_pins(const std::function<time_point()>& now) {
  if (pins_.size() == 0)
    return;
  for (const auto hash : pins_.expire(now()))
    set_pinned(find(hash), false);
}

template <catalog_chunk Chunk>
chunk_change chunk_catalog<Chunk>::clearing(place x) const {
  const auto& e = at(x);
  if (e.is_pinned)
    return {.outcome = chunk_outcome::pinned};
  if (e.users > 0)
    return {.outcome = chunk_outcome::in_use};
  return {chunk_outcome::done, e.chunk.record.tokens, e.chunk.bytes(), 0};
}

template <catalog_chunk Chunk>
membership_source::scan_step chunk_catalog<Chunk>::scan(
  std::uint64_t cursor, std::size_t max_entries) const {
  membership_source::scan_step result;
  if (cursor >= entries_.size())
    return result;
  const auto end =
    cursor + std::min<std::uint64_t>(max_entries, entries_.size() - cursor);
  for (auto i = cursor; i < end; ++i)
    if (entries_[i].is_here)
      result.hashes.push_back(entries_[i].chunk.record.hash);
  result.next_cursor = end < entries_.size() ? end : 0;
  return result;
}

template <catalog_chunk Chunk>
std::string chunk_catalog<Chunk>::check() const {
  std::size_t here = 0;
  std::size_t idle = 0;
  std::size_t pinned = 0;
  std::uint64_t evictable_bytes = 0;
  std::uint64_t bytes = 0;
  for (place i = 0; i < entries_.size(); ++i) {
    const auto& x = entries_[i];
    if (!x.is_here)
      continue;
    if (find(x.chunk.record.hash) != i)
      return "a chunk that cannot be found";
    if (x.is_pinned != pins_.is_pinned(x.chunk.record.hash))
      return "a chunk that does not know whether it is pinned";
    ++here;
    idle += x.is_idle() ? 1 : 0;
    pinned += x.is_pinned ? 1 : 0;
    evictable_bytes += x.is_evictable() ? x.chunk.room() : 0;
    bytes += x.chunk.room();
  }
  if (here != table_.size() || here + vacant_.size() != entries_.size() ||
      idle != recency_.size() || pinned != pins_.size() ||
      evictable_bytes != evictable_bytes_ || bytes != bytes_)
    return "chunks do not add up";
  return {};
}

template <catalog_chunk Chunk>
template <class Function>
void chunk_catalog<Chunk>::change(place x, Function edit) {
  auto& e = entries_[x];
  const auto was_idle = e.is_idle();
  bytes_ -= e.is_here ? e.chunk.room() : 0;
  evictable_bytes_ -= e.is_evictable() ? e.chunk.room() : 0;
  edit(e);
  bytes_ += e.is_here ? e.chunk.room() : 0;
  evictable_bytes_ += e.is_evictable() ? e.chunk.room() : 0;
  if (was_idle && !e.is_idle())
    recency_.remove(x);
  if (!was_idle && e.is_idle())
    recency_.add_newest(x);
}

}  // namespace kvc
