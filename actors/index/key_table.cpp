#include "actors/index/key_table.hpp"

#include <algorithm>

namespace kvc {

namespace {

/// The groups' shares of all keys rise evenly to the double. So the groups grow
/// one after the other, and are never all half empty at once.
constexpr std::array<unsigned, 16> shares{11, 12, 12, 13, 13, 14, 15, 15,
                                          16, 17, 18, 18, 19, 20, 21, 22};

constexpr auto groups_by_byte = [] {
  std::array<std::uint8_t, 256> result{};
  std::size_t i = 0;
  for (std::size_t group = 0; group < shares.size(); ++group)
    for (unsigned n = 0; n < shares[group]; ++n)
      result.at(i++) = static_cast<std::uint8_t>(group);
  return i == result.size() ? result : throw "shares must add up to 256";
}();

/// Calls `on_key` for each key of a segment with its bucket and cell.
template <class Bucket, class Function>
void for_each_key(Bucket* segment, const Function& on_key) {
  for (auto* b = segment; b != segment + key_table::segment_buckets; ++b)
    for (unsigned cell = 0; cell < key_bucket::cells; ++cell)
      if (b->words[cell] != 0)
        on_key(*b, cell);
}

}  // namespace

constinit const std::array<std::uint8_t, 256> key_table::groups =
  groups_by_byte;

key_table::key_table(std::uint64_t key_multiplier, memory_budget& budget)
    : key_multiplier_(key_multiplier),
      budget_(budget),
      memory_(budget),
      blocks_(budget) {
  for (std::size_t group = 0; group < group_count; ++group)
    add_group(group);
}

void key_table::add_group(std::size_t group) {
  budget_.take(2 * sizeof(std::uint32_t));
  std::vector<std::uint32_t> memory(2);
  memory[1] = static_cast<std::uint32_t>(used_.size());
  directories_[group] = memory.data();
  all_directories_.push_back(std::move(memory));
  add_segment(0);
}

/// Adds an empty segment, with the highest number.
bool key_table::add_segment(unsigned depth) {
  if (used_.size() % block_segments == 0) {
    auto* block = memory_.take();
    if (block == nullptr ||
        !blocks_.push_back(reinterpret_cast<key_bucket*>(block)))
      return false;
  }
  used_.push_back(0);
  depths_.push_back(static_cast<std::uint8_t>(depth));
  return true;
}

key_table::place key_table::find(const target& at, std::uint64_t key) {
  auto* b = at.home;
  for (std::size_t i = 0; i < segment_buckets; ++i, b = next(b)) {
    if (const auto cell = b->find(key); cell != key_bucket::cells)
      return {b, cell};
    if (key_bucket::passed(b->state) == 0)
      break;
  }
  return {};
}

bool key_table::insert(target at, std::uint64_t key, std::uint32_t word) {
  if (is_to_be_split(used_[at.segment])) {
    const auto h = hash(key);
    split(h);
    at = target_at(h);
    if (used_[at.segment] >= full_at)
      return false;
  }
  put(at.home, key, word);
  ++used_[at.segment];
  return true;
}

/// A segment waits until memory is ready, but no longer than until it is nearly
/// full.
bool key_table::is_to_be_split(std::size_t used) const {
  return used >= split_at && (used >= overdue_at || memory_.is_ready() ||
                              used_.size() % block_segments != 0);
}

void key_table::put(key_bucket* home, std::uint64_t key, std::uint32_t word) {
  for (auto* b = home;; b = next(b)) {
    bucket_change change{*b};
    const auto cell = b->find_empty();
    if (cell != key_bucket::cells) {
      change.set_key(cell, key);
      change.set_word(cell, word);
      return;
    }
    change.add_passed();
  }
}

void key_table::erase(place where) {
  const auto at = target_of(where.bucket->keys[where.cell]);
  remove(where, at.home);
  --used_[at.segment];
}

/// The key goes first: as long as it is there, a search must get past the
/// buckets before it.
void key_table::remove(place where, key_bucket* home) {
  bucket_change{*where.bucket}.set_word(where.cell, 0);
  for (auto* b = home; b != where.bucket; b = next(b))
    bucket_change{*b}.remove_passed();
}

key_table::place key_table::place_at(std::size_t i) {
  const auto number = static_cast<std::uint32_t>(i / segment_cells);
  const auto in_segment = i % segment_cells;
  return {segment(number) + in_segment / key_bucket::cells,
          static_cast<unsigned>(in_segment % key_bucket::cells)};
}

bool key_table::read(const target& at, std::uint64_t key,
                     reading& result) const {
  constexpr int tries = 64;
  auto seen = try_read(at, key, result);
  for (int i = 1; i < tries && seen == outcome::disturbed; ++i)
    seen = try_read(target_of(key), key, result);
  return seen != outcome::disturbed;
}

key_table::outcome key_table::scan(const key_bucket& b, std::uint64_t key,
                                   reading& result) {
  const auto state = load_acquire(b.state);
  unsigned found = 1U << key_bucket::cells;
  for (unsigned i = 0; i < key_bucket::cells; ++i)
    found |= (static_cast<unsigned>(load_acquire(b.keys[i]) == key) &
              static_cast<unsigned>(load_acquire(b.words[i]) != 0))
             << i;
  const auto cell = static_cast<unsigned>(std::countr_zero(found));
  const auto is_found = cell != key_bucket::cells;
  result = {&b, state, is_found ? load_acquire(b.words[cell]) : 0};
  if ((state & key_bucket::busy) != 0 || !result.still_holds())
    return outcome::disturbed;
  return is_found ? outcome::found : outcome::absent;
}

/// A key that seems absent may have moved meanwhile: to another segment, which
/// the directory shows, or to its home bucket, whose state shows it.
key_table::outcome key_table::try_read(const target& at, std::uint64_t key,
                                       reading& result) const {
  const auto* b = at.home;
  auto seen = scan(*b, key, result);
  const auto first = result;
  for (std::size_t i = 1; i < segment_buckets && seen == outcome::absent &&
                          key_bucket::passed(result.state) != 0;
       ++i) {
    b = next(b);
    seen = scan(*b, key, result);
  }
  if (seen == outcome::absent &&
      (!first.still_holds() || segment_of(hash(key)) != at.segment))
    return outcome::disturbed;
  return seen;
}

/// Moves half of the keys of the hash's segment to a new segment.
bool key_table::split(std::uint64_t h) {
  const auto lower = segment_of(h);
  const auto depth = depths_[lower];
  const auto group = group_of(h);
  if (depth == max_depth ||
      (depth == directories_[group][0] && !deepen(group)) ||
      !add_segment(depth + 1U))
    return false;
  const auto upper = static_cast<std::uint32_t>(used_.size() - 1);
  copy_upper(segment(lower), segment(upper), depth);
  publish(h, depth, upper);
  depths_[lower] = static_cast<std::uint8_t>(depth + 1U);
  used_[upper] = remove_upper(segment(lower), depth);
  used_[lower] -= used_[upper];
  bring_home(segment(lower));
  return true;
}

/// Doubles the group's directory. Other threads may still use the old one,
/// which names the same segments.
bool key_table::deepen(std::size_t group) {
  const auto* old = directories_[group];
  const auto entries = std::size_t{1} << old[0];
  if (!budget_.take((2 * entries + 1) * sizeof(std::uint32_t)))
    return false;
  std::vector<std::uint32_t> memory(2 * entries + 1);
  memory[0] = old[0] + 1;
  for (std::size_t i = 0; i < entries; ++i)
    memory[1 + 2 * i] = memory[2 + 2 * i] = old[1 + i];
  store_release(directories_[group], memory.data());
  all_directories_.push_back(std::move(memory));
  return true;
}

/// Copies the keys whose next prefix bit is set to another segment.
void key_table::copy_upper(const key_bucket* from, key_bucket* to,
                           unsigned depth) const {
  for_each_key(from, [&](const key_bucket& b, unsigned cell) {
    const auto h = hash(b.keys[cell]);
    if ((prefix(h, depth + 1U) & 1U) != 0)
      put(to + home(h), b.keys[cell], b.words[cell]);
  });
}

/// Removes the keys whose next prefix bit is set, and returns how many they
/// were.
std::uint32_t key_table::remove_upper(key_bucket* from, unsigned depth) const {
  std::uint32_t removed = 0;
  for_each_key(from, [&](key_bucket& b, unsigned cell) {
    const auto h = hash(b.keys[cell]);
    if ((prefix(h, depth + 1U) & 1U) == 0)
      return;
    remove({&b, cell}, from + home(h));
    ++removed;
  });
  return removed;
}

/// From now on the upper half of the prefix's keys is found in `upper`.
void key_table::publish(std::uint64_t h, unsigned depth, std::uint32_t upper) {
  auto* directory = directories_[group_of(h)];
  const auto span = std::size_t{1} << (directory[0] - depth);
  const auto first = prefix(h, depth) * span;
  for (auto i = first + span / 2; i < first + span; ++i)
    store_release(directory[1 + i], upper);
}

/// Moves keys to their home bucket if they had found no place there. A thread
/// that misses one sees that the home bucket changed.
void key_table::bring_home(key_bucket* in) const {
  for_each_key(in, [&](key_bucket& b, unsigned cell) {
    auto& there = in[home(hash(b.keys[cell]))];
    const auto free = there.find_empty();
    if (&there == &b || free == key_bucket::cells)
      return;
    {
      bucket_change change{there};
      change.set_key(free, b.keys[cell]);
      change.set_word(free, b.words[cell]);
    }
    remove({&b, cell}, &there);
  });
}

}  // namespace kvc
