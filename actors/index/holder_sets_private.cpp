#include "actors/index/holder_sets.hpp"

#include <algorithm>

namespace kvc {

/// Returns a set of one chunk alone, or 0 without memory.
holder_sets::name holder_sets::make_private(std::span<const word> words,
                                            std::uint32_t slots_log) {
  const auto slots = 1U << slots_log;
  const auto run = pool_.allocate(first_word + slots);
  if (run == 0)
    return 0;
  const auto set = run | reference_flag;
  set_field(set, length, private_flag | slots_log);
  set_field(set, uses, static_cast<std::uint32_t>(words.size()));
  for (std::size_t i = 0; i < slots; ++i)
    set_field(set, first_word + i, 0);
  for (const auto w : words)
    put(set, w);
  return set;
}

/// Returns the slot of a word, or the empty one where it would go.
std::uint32_t holder_sets::find_slot(name set, word w) const {
  const auto* run = pool_.at(run_of(set));
  const auto slots_log = run[length] & ~private_flag;
  const auto mask = (1U << slots_log) - 1;
  auto slot = mix(w) >> (32U - slots_log);
  while (run[first_word + slot] != 0 && run[first_word + slot] != w)
    slot = (slot + 1) & mask;
  return slot;
}

void holder_sets::put(name set, word w) {
  set_field(set, first_word + find_slot(set, w), w);
}

holder_sets::change holder_sets::add_to_private(name set, word w) {
  const auto slot = find_slot(set, w);
  const auto* run = at(set);
  if (run[first_word + slot] == w)
    return {set, outcome::unchanged};
  const auto slots_log = run[length] & ~private_flag;
  const auto count = run[uses];
  if ((count + 1) * 4 > (3U << slots_log)) {
    const auto [larger, what] = resize_private(set, slots_log + 1);
    if (what == outcome::refused)
      return {set, outcome::refused};
    put(larger, w);
    set_field(larger, uses, count + 1);
    return {larger, outcome::changed};
  }
  set_field(set, first_word + slot, w);
  set_field(set, uses, count + 1);
  return {set, outcome::changed};
}

holder_sets::change holder_sets::remove_from_private(name set, word w) {
  const auto slot = find_slot(set, w);
  if (at(set)[first_word + slot] != w)
    return {set, outcome::unchanged};
  close_gap(set, slot);
  const auto count = at(set)[uses] - 1;
  set_field(set, uses, count);
  const auto slots_log = at(set)[length] & ~private_flag;
  change result{set, outcome::unchanged};
  if (count <= max_shared / 2)
    result = share_again(set);
  else if (slots_log > min_slots_log && count * 5 < (1U << slots_log))
    result = resize_private(set, slots_log - 1);
  // Without memory it stays where it is.
  return {result.now, outcome::changed};
}

/// Empties a slot and moves the words behind it to where they are found.
void holder_sets::close_gap(name set, std::uint32_t gap) {
  const auto* words = at(set) + first_word;
  const auto slots_log = at(set)[length] & ~private_flag;
  const auto mask = (1U << slots_log) - 1;
  for (auto probe = (gap + 1) & mask; words[probe] != 0;
       probe = (probe + 1) & mask) {
    const auto home = mix(words[probe]) >> (32U - slots_log);
    if (((probe - home) & mask) >= ((probe - gap) & mask)) {
      set_field(set, first_word + gap, words[probe]);
      gap = probe;
    }
  }
  set_field(set, first_word + gap, 0);
}

holder_sets::change holder_sets::resize_private(name set,
                                                std::uint32_t slots_log) {
  if (slots_log > max_slots_log)
    return {set, outcome::refused};
  const auto now = make_private({}, slots_log);
  if (now == 0)
    return {set, outcome::refused};
  for (const auto w : places(set))
    if (w != 0)
      put(now, w);
  set_field(now, uses, at(set)[uses]);
  release_private(set);
  return {now, outcome::changed};
}

/// Makes a set that became small one of the shared.
holder_sets::change holder_sets::share_again(name set) {
  small_words words;
  const auto count = copy_words(set, words);
  std::sort(words.data(), words.data() + count);
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < count; ++i)
    hash += hash_of_word(words[i]);
  const auto now = share({words.data(), count}, hash);
  if (now == 0)
    return {set, outcome::refused};
  release_private(set);
  return {now, outcome::changed};
}

void holder_sets::release_private(name set) {
  const auto slots_log = at(set)[length] & ~private_flag;
  pool_.release(run_of(set), first_word + (1U << slots_log));
}

}  // namespace kvc
