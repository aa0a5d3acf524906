#pragma once

#include "actors/index/holder_pool.hpp"
#include "actors/index/set_chains.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// Sets of positive 31-bit words, each set named by 32 bits. A set of one word
/// is the word itself. Equal sets of up to `max_shared` words are the same
/// one, however many chunks name it; a larger one belongs to its chunk alone.
///
/// One thread writes. Others may `read` beside it and must find out afterwards
/// whether the name still meant the same.
class holder_sets {
 public:
  using name = std::uint32_t;
  using word = std::uint32_t;

  static constexpr std::uint32_t max_shared = 1'024;

  explicit holder_sets(memory_budget& budget);

  enum class outcome : std::uint8_t {
    unchanged,
    changed,
    refused,  ///< There is no memory for it, or the set is too large.
  };

  /// Names the set from now on; the old name is given up if it is another one.
  struct change {
    name now = 0;  ///< 0: the set is empty.
    outcome what = outcome::unchanged;
  };

  /// Adds a word to a set.
  change add(name set, word w);

  /// Removes a word. Is never refused unless the budget is enforced.
  change remove(name set, word w);

  /// Removes some words of a set that is not private, but not all; `gone` are
  /// in the set, in order.
  change remove_all(name set, std::span<const word> gone);

  /// Gives up a name of a set, which ends with the last.
  void drop(name set);

  /// Replaces `out` by the words of a set, in any order. A reader beside the
  /// writer may be told nonsense, and is, or is returned false, if the name
  /// meant something else meanwhile.
  bool read(name set, std::vector<word>& out) const;

  /// Brings the set's cache line here.
  void prefetch(name set) const {
    if (is_reference(set))
      __builtin_prefetch(pool_.at(run_of(set)));
  }

  /// Whether the name is a set of its chunk alone.
  bool is_private(name set) const {
    return is_reference(set) && (pool_.at(run_of(set))[0] & private_flag) != 0;
  }

  /// Places that `read` looks at.
  std::size_t size_of(name set) const;

  /// How many shared sets there are.
  std::size_t shared_count() const { return shared_count_; }

 private:
  // A run begins with four numbers: the length of a shared set, how many chunks
  // name it, its hash (the sum of its words' hashes), the next set of its
  // chain; or a flag and the logarithm of a private set's slots, and its
  // length. Words follow in order, those of a private one as an open hash
  // table.
  enum field : std::uint32_t { length, uses, hash_field, next, first_word };
  static constexpr std::uint32_t private_flag = 1U << 31U;
  static constexpr std::uint32_t reference_flag = 1U << 31U;
  static constexpr std::uint32_t min_slots_log = 11;  ///< For max_shared + 1.
  static constexpr std::uint32_t max_slots_log = 17;

  /// What became of a set lately, and will again if no set ended meanwhile.
  struct transition {
    name from = 0;
    std::uint32_t word_and_kind = 0;
    change result;
    std::uint64_t ended_sets = 0;  ///< Before it.
  };

  static bool is_reference(name set) { return (set & reference_flag) != 0; }
  static holder_pool::reference run_of(name set) {
    return set & ~reference_flag;
  }
  static std::uint32_t mix(word w) {
    return static_cast<std::uint32_t>((w * 0x9e3779b97f4a7c15U) >> 32U);
  }

  /// Unlike those of mix, its results' sums tell sets of small numbers apart.
  static std::uint32_t hash_of_word(word w) {
    const auto x = mix(w);
    return mix(x ^ (x >> 15U));
  }
  std::uint32_t hash_of(name set) const {
    return is_reference(set) ? pool_.at(run_of(set))[hash_field]
                             : hash_of_word(set);
  }

  /// Words that the pool is asked for.
  static std::uint32_t run_words(std::uint32_t length) {
    const auto words = first_word + length;
    return words <= holder_pool::largest_small
             ? words
             : first_word + std::bit_ceil(length);
  }
  std::uint32_t* at(name set) { return pool_.at(run_of(set)); }
  void set_field(name set, std::size_t i, std::uint32_t value) {
    store_release(at(set)[i], value);
  }

  /// Returns where the words of a set are, zeros among those of a private one;
  /// nothing if the name means none. Of one word it is `set` itself.
  std::span<const word> places(const name& set) const;

  using small_words = std::array<word, max_shared + 1>;
  std::size_t copy_words(name set, small_words& words) const;

  transition& transition_of(name set, word w, bool is_adding);
  change follow(const transition& known);
  change add_anew(name set, word w);
  change remove_anew(name set, word w);

  name share(std::span<const word> sorted, std::uint32_t hash);
  name make_shared_set(std::span<const word> sorted, std::uint32_t hash);
  void grow_chains();

  name make_private(std::span<const word> words, std::uint32_t slots_log);
  change add_to_private(name set, word w);
  change remove_from_private(name set, word w);
  change resize_private(name set, std::uint32_t slots_log);
  change share_again(name set);
  std::uint32_t find_slot(name set, word w) const;
  void put(name set, word w);
  void close_gap(name set, std::uint32_t gap);
  void release_private(name set);

  holder_pool pool_;
  set_chains chains_;
  std::size_t shared_count_ = 0;
  std::uint64_t ended_sets_ = 0;
  std::array<transition, 256> transitions_{};
};

}  // namespace kvc
