#include "actors/index/holder_sets.hpp"

#include <algorithm>

namespace kvc {

holder_sets::holder_sets(memory_budget& budget)
    : pool_(budget), chains_(budget) {}

std::size_t holder_sets::size_of(name set) const { return places(set).size(); }

std::span<const holder_sets::word> holder_sets::places(const name& set) const {
  if (!is_reference(set))
    return {&set, 1};
  const auto* run = pool_.at(run_of(set));
  const auto head = load_acquire(run[length]);
  const auto is_private = (head & private_flag) != 0;
  const auto slots_log = head & ~private_flag;
  if (is_private && slots_log > max_slots_log)
    return {};
  const auto count = is_private ? 1U << slots_log : head;
  if ((!is_private && count > max_shared) ||
      first_word + count > holder_pool::readable_words(run_of(set)))
    return {};
  return {run + first_word, count};
}

bool holder_sets::read(name set, std::vector<word>& out) const {
  const auto words = places(set);
  out.resize(words.size());
  auto* end = out.data();
  for (const auto& place : words) {
    *end = load_acquire(place);
    end += *end != 0 ? 1 : 0;
  }
  out.resize(static_cast<std::size_t>(end - out.data()));
  return !words.empty();
}

holder_sets::change holder_sets::add(name set, word w) {
  if (is_private(set))
    return add_to_private(set, w);
  auto& known = transition_of(set, w, true);
  if (known.from == set)
    return follow(known);
  const auto ended_before = ended_sets_;
  const auto result = add_anew(set, w);
  if (result.what != outcome::refused && !is_private(result.now))
    known = {set, w, result, ended_before};
  return result;
}

holder_sets::change holder_sets::remove(name set, word w) {
  if (set == w)
    return {0, outcome::changed};
  if (is_private(set))
    return remove_from_private(set, w);
  auto& known = transition_of(set, w, false);
  if (known.from == set)
    return follow(known);
  const auto ended_before = ended_sets_;
  const auto result = remove_anew(set, w);
  if (result.what != outcome::refused)
    known = {set, w | reference_flag, result, ended_before};
  return result;
}

/// Returns where the transition is remembered. It is known if `from` there is
/// the set.
holder_sets::transition& holder_sets::transition_of(name set, word w,
                                                    bool is_adding) {
  const auto kind = is_adding ? w : w | reference_flag;
  auto& known = transitions_[mix(set ^ mix(kind)) % transitions_.size()];
  if (known.word_and_kind != kind || known.ended_sets != ended_sets_)
    known.from = 0;
  return known;
}

holder_sets::change holder_sets::follow(const transition& known) {
  const auto result = known.result;
  if (result.what == outcome::unchanged)
    return result;
  if (is_reference(result.now))
    set_field(result.now, uses, at(result.now)[uses] + 1);
  drop(known.from);
  return result;
}

std::size_t holder_sets::copy_words(name set, small_words& words) const {
  const auto all = places(set);
  const auto* end = std::copy_if(all.begin(), all.end(), words.begin(),
                                 [](word w) { return w != 0; });
  return static_cast<std::size_t>(end - words.begin());
}

holder_sets::change holder_sets::add_anew(name set, word w) {
  small_words words;
  const auto count = copy_words(set, words);
  auto* end = words.data() + count;
  auto* position = std::lower_bound(words.data(), end, w);
  if (position != end && *position == w)
    return {set, outcome::unchanged};
  std::copy_backward(position, end, end + 1);
  *position = w;
  const std::span sorted{words.data(), count + 1};
  const auto now = sorted.size() <= max_shared
                     ? share(sorted, hash_of(set) + hash_of_word(w))
                     : make_private(sorted, min_slots_log);
  if (now == 0)
    return {set, outcome::refused};
  drop(set);
  return {now, outcome::changed};
}

holder_sets::change holder_sets::remove_anew(name set, word w) {
  small_words words;
  const auto count = copy_words(set, words);
  auto* end = words.data() + count;
  auto* position = std::lower_bound(words.data(), end, w);
  if (position == end || *position != w)
    return {set, outcome::unchanged};
  std::copy(position + 1, end, position);
  const auto now =
    share({words.data(), count - 1}, hash_of(set) - hash_of_word(w));
  if (now == 0)
    return {set, outcome::refused};
  drop(set);
  return {now, outcome::changed};
}

holder_sets::change holder_sets::remove_all(name set,
                                            std::span<const word> gone) {
  small_words words;
  const auto count = copy_words(set, words);
  small_words kept;
  const auto* end = std::set_difference(words.data(), words.data() + count,
                                        gone.begin(), gone.end(), kept.data());
  auto hash = hash_of(set);
  for (const auto w : gone)
    hash -= hash_of_word(w);
  const auto now =
    share({kept.data(), static_cast<std::size_t>(end - kept.data())}, hash);
  if (now == 0)
    return {set, outcome::refused};
  drop(set);
  return {now, outcome::changed};
}

/// Returns the name of the shared set with these words, which one more chunk
/// has now; 0 without memory.
holder_sets::name holder_sets::share(std::span<const word> sorted,
                                     std::uint32_t hash) {
  if (sorted.size() == 1)
    return sorted.front();
  auto set = chains_.head(chains_.chain_of(hash));
  for (; set != 0; set = at(set)[next]) {
    const auto* run = at(set);
    if (run[hash_field] == hash && run[length] == sorted.size() &&
        std::equal(sorted.begin(), sorted.end(), run + first_word)) {
      set_field(set, uses, run[uses] + 1);
      return set;
    }
  }
  return make_shared_set(sorted, hash);
}

holder_sets::name holder_sets::make_shared_set(std::span<const word> sorted,
                                               std::uint32_t hash) {
  const auto count = static_cast<std::uint32_t>(sorted.size());
  const auto run = pool_.allocate(run_words(count));
  if (run == 0)
    return 0;
  const auto set = run | reference_flag;
  auto& head = chains_.head(chains_.chain_of(hash));
  set_field(set, length, count);
  set_field(set, uses, 1);
  set_field(set, hash_field, hash);
  set_field(set, next, head);
  for (std::size_t i = 0; i < count; ++i)
    set_field(set, first_word + i, sorted[i]);
  head = set;
  ++shared_count_;
  grow_chains();
  return set;
}

/// Adds a chain if there are fewer than shared sets and memory allows it.
void holder_sets::grow_chains() {
  if (chains_.size() >= shared_count_)
    return;
  const auto from = chains_.grow();
  const auto added = chains_.size() - 1;
  if (from >= added)
    return;
  auto set = chains_.head(from);
  chains_.head(from) = 0;
  while (set != 0) {
    const auto following = at(set)[next];
    auto& head = chains_.head(chains_.chain_of(at(set)[hash_field]));
    set_field(set, next, head);
    head = set;
    set = following;
  }
}

void holder_sets::drop(name set) {
  if (!is_reference(set))
    return;
  const auto* run = at(set);
  set_field(set, uses, run[uses] - 1);
  if (run[uses] != 0)
    return;
  auto& head = chains_.head(chains_.chain_of(run[hash_field]));
  if (head == set) {
    head = run[next];
  } else {
    auto before = head;
    while (at(before)[next] != set)
      before = at(before)[next];
    set_field(before, next, run[next]);
  }
  pool_.release(run_of(set), run_words(run[length]));
  --shared_count_;
  ++ended_sets_;
}

/// Returns a private set, or 0 without memory.
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
  // Without memory the set stays where it is.
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

/// Turns a private set that became small into a shared one.
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
