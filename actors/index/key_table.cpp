#include "actors/index/key_table.hpp"

#include <algorithm>

namespace kvc {

namespace {

/// The groups' shares of all keys rise evenly to the double: so they grow one
/// after the other, and never are all tables half empty at once.
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

/// The new segment has the highest number.
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

/// A segment can wait for memory to be made ready, until it is nearly full.
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

/// Readers walk on until the key is gone.
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
  const auto state = load_shared(b.state);
  unsigned found = 1U << key_bucket::cells;
  for (unsigned i = 0; i < key_bucket::cells; ++i)
    found |= (static_cast<unsigned>(load_shared(b.keys[i]) == key) &
              static_cast<unsigned>(load_shared(b.words[i]) != 0))
             << i;
  const auto cell = static_cast<unsigned>(std::countr_zero(found));
  const auto is_found = cell != key_bucket::cells;
  result = {&b, state, is_found ? load_shared(b.words[cell]) : 0};
  if ((state & key_bucket::busy) != 0 || !result.still_holds())
    return outcome::disturbed;
  return is_found ? outcome::found : outcome::absent;
}

/// A key that seems absent may have moved meanwhile: to another segment, which
/// the directory then tells, or to its home, which then has changed.
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

}  // namespace kvc
