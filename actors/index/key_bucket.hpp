#pragma once

#include "actors/index/atomic_words.hpp"

#include <array>
#include <bit>
#include <cstdint>

namespace kvc {

/// A cache line of a key_table: up to five keys, each with a word. One thread
/// writes; other threads see from the state that it did.
struct alignas(64) key_bucket {
  static constexpr unsigned cells = 5;
  static constexpr std::uint32_t busy = 1;  ///< In a state: being changed.
  static constexpr std::uint32_t one_passed = 2;     ///< Unit of `passed`.
  static constexpr std::uint32_t most_passed = 127;  ///< It ends counting here.
  static constexpr std::uint32_t one_change = 256;   ///< Unit of the version.

  std::uint32_t state;  ///< Version (24 bits), passed (7 bits), busy (1 bit).
  std::array<std::uint32_t, cells> words;  ///< 0 if the cell is empty.
  std::array<std::uint64_t, cells> keys;

  /// Returns how many keys found no place here and went on to the next bucket.
  /// At most_passed it is no longer counted.
  static std::uint32_t passed(std::uint32_t state) {
    return state / one_passed & most_passed;
  }

  /// Returns the key's cell, or `cells` if it has none. For the writer. Only
  /// the caller branches: where a key is cannot be predicted.
  unsigned find(std::uint64_t key) const {
    unsigned found = 1U << cells;
    for (unsigned i = 0; i < cells; ++i)
      found |= (static_cast<unsigned>(keys[i] == key) &
                static_cast<unsigned>(words[i] != 0))
               << i;
    return static_cast<unsigned>(std::countr_zero(found));
  }

  /// Returns an empty cell, or `cells` if there is none. For the writer.
  unsigned find_empty() const {
    unsigned found = 1U << cells;
    for (unsigned i = 0; i < cells; ++i)
      found |= static_cast<unsigned>(words[i] == 0) << i;
    return static_cast<unsigned>(std::countr_zero(found));
  }
};

static_assert(sizeof(key_bucket) == 64);

/// While it lives, the writer may change the bucket and what the bucket's words
/// refer to. Threads that read meanwhile notice, and read again.
class bucket_change {
 public:
  explicit bucket_change(key_bucket& target)
      : target_(target), state_(target.state) {
    store_release(target.state, state_ | key_bucket::busy);
  }
  bucket_change(const bucket_change&) = delete;
  bucket_change& operator=(const bucket_change&) = delete;
  ~bucket_change() {
    store_release(target_.state, state_ + key_bucket::one_change);
  }

  void set_word(unsigned cell, std::uint32_t word) {
    store_release(target_.words[cell], word);
  }
  void set_key(unsigned cell, std::uint64_t key) {
    store_release(target_.keys[cell], key);
  }

  /// Counts a key that found no place here.
  void add_passed() {
    if (key_bucket::passed(state_) != key_bucket::most_passed)
      state_ += key_bucket::one_passed;
  }
  /// Such a key is gone.
  void remove_passed() {
    if (key_bucket::passed(state_) != key_bucket::most_passed)
      state_ -= key_bucket::one_passed;
  }

 private:
  key_bucket& target_;
  std::uint32_t state_;
};

}  // namespace kvc
