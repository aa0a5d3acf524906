#include "actors/index/key_table.hpp"

namespace kvc {

namespace {

/// Calls `on_key` for each key of a segment with its bucket and cell.
template <class Bucket, class Function>
void for_each_key(Bucket* segment, const Function& on_key) {
  for (auto* b = segment; b != segment + key_table::segment_buckets; ++b)
    for (unsigned cell = 0; cell < key_bucket::cells; ++cell)
      if (b->words[cell] != 0)
        on_key(*b, cell);
}

}  // namespace

/// Moves half of the keys of the hash's segment to a new one.
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

/// Doubles the group's directory. Readers may still use the old one, which
/// names the same segments.
bool key_table::deepen(std::size_t group) {
  const auto* old = directories_[group];
  const auto entries = std::size_t{1} << old[0];
  if (!budget_.take((2 * entries + 1) * sizeof(std::uint32_t)))
    return false;
  std::vector<std::uint32_t> memory(2 * entries + 1);
  memory[0] = old[0] + 1;
  for (std::size_t i = 0; i < entries; ++i)
    memory[1 + 2 * i] = memory[2 + 2 * i] = old[1 + i];
  store_shared(directories_[group], memory.data());
  all_directories_.push_back(std::move(memory));
  return true;
}

/// Copies the keys whose next prefix bit is set.
void key_table::copy_upper(const key_bucket* from, key_bucket* to,
                           unsigned depth) const {
  for_each_key(from, [&](const key_bucket& b, unsigned cell) {
    const auto h = hash(b.keys[cell]);
    if ((prefix(h, depth + 1U) & 1U) != 0)
      put(to + home(h), b.keys[cell], b.words[cell]);
  });
}

/// Removes them, and returns how many there were.
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

/// Readers find the upper half of the prefix's keys in `upper` from now on.
void key_table::publish(std::uint64_t h, unsigned depth, std::uint32_t upper) {
  auto* directory = directories_[group_of(h)];
  const auto span = std::size_t{1} << (directory[0] - depth);
  const auto first = prefix(h, depth) * span;
  for (auto i = first + span / 2; i < first + span; ++i)
    store_shared(directory[1 + i], upper);
}

/// Moves keys home that had found no place there. Readers who miss one see
/// that its home changed.
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
