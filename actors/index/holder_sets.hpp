#pragma once

#include "actors/index/holder_pool.hpp"
#include "actors/index/set_chains.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// The holders of chunks: sets of positive 31-bit words, each set named by 32
/// bits. The name of a set of one word is the word itself. A set of up to
/// `max_shared` words is *shared*: it is stored once, however many chunks have
/// these holders. A larger one is *private*: it belongs to one chunk.
///
/// One thread writes. Others may `read` meanwhile, and must find out afterwards
/// whether the name still meant the same set.
class holder_sets {
 public:
  using name = std::uint32_t;
  using word = std::uint32_t;

  static constexpr std::uint32_t max_shared = 1'024;

  explicit holder_sets(memory_budget& budget);

  enum class outcome : std::uint8_t {
    unchanged,
    changed,
    refused,  ///< Without memory, or because the set is too large.
  };

  /// How a set was changed. If `now` is another name than before, the chunk has
  /// given up its old name.
  struct change {
    name now = 0;  ///< The chunk's set from now on; 0 if it is empty.
    outcome what = outcome::unchanged;
  };

  /// Adds a word to a chunk's set.
  change add(name set, word w);

  /// Removes a word from a chunk's set. Refuses only if the budget is enforced.
  change remove(name set, word w);

  /// Removes the words `gone` from a chunk's set. The set is not private, and
  /// has other words too; `gone` are in it and sorted.
  change remove_all(name set, std::span<const word> gone);

  /// One chunk less has this set. A set that no chunk has any more ends.
  void drop(name set);

  /// Replaces `out` by the words of a set, in any order. If another thread
  /// changes the set meanwhile, `out` may be nonsense or false be returned.
  bool read(name set, std::vector<word>& out) const;

  /// Prefetches the beginning of the set.
  void prefetch(name set) const {
    if (is_reference(set))
      __builtin_prefetch(pool_.at(run_of(set)));
  }

  /// Returns whether the set belongs to one chunk.
  bool is_private(name set) const {
    return is_reference(set) && (pool_.at(run_of(set))[0] & private_flag) != 0;
  }

  /// Returns how many places `read` looks at: the words of a shared set, the
  /// slots of a private one.
  std::size_t size_of(name set) const;

  /// Returns how many shared sets there are.
  std::size_t shared_count() const { return shared_count_; }

 private:
  // A run begins with four numbers, the words follow.
  // Shared: the number of words, how many chunks have the set, its hash (the
  // sum of its words' hashes), the next set of its chain; the words are sorted.
  // Private: a flag with the logarithm of the number of slots, the number of
  // words, two unused; the words lie in an open hash table.
  enum field : std::uint32_t { length, uses, hash_field, next, first_word };
  static constexpr std::uint32_t private_flag = 1U << 31U;
  static constexpr std::uint32_t reference_flag = 1U << 31U;
  static constexpr std::uint32_t min_slots_log = 11;  ///< For max_shared + 1.
  static constexpr std::uint32_t max_slots_log = 17;

  /// What a set became when a word was added or removed. The same happens again
  /// unless a set has ended since.
  struct transition {
    name from = 0;
    std::uint32_t word_and_kind = 0;
    change result;
    std::uint64_t ended_sets = 0;  ///< How many had ended before.
  };

  static bool is_reference(name set) { return (set & reference_flag) != 0; }
  static holder_pool::reference run_of(name set) {
    return set & ~reference_flag;
  }
  static std::uint32_t mix(word w) {
    return static_cast<std::uint32_t>((w * 0x9e3779b97f4a7c15U) >> 32U);
  }

  /// Sums of these hashes tell sets of small numbers apart; sums of `mix` do
  /// not.
  static std::uint32_t hash_of_word(word w) {
    const auto x = mix(w);
    return mix(x ^ (x >> 15U));
  }
  std::uint32_t hash_of(name set) const {
    return is_reference(set) ? pool_.at(run_of(set))[hash_field]
                             : hash_of_word(set);
  }

  /// Returns how many words the pool is asked for.
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

  /// Returns where the words of a set lie, with zeros between those of a
  /// private one. A single word lies in `set` itself. Empty if the name is
  /// outdated and leads to no set.
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
