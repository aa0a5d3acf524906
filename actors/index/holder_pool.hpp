#pragma once

#include "actors/index/huge_blocks.hpp"
#include "actors/index/growing_array.hpp"

#include <array>
#include <cstdint>

namespace kvc {

/// Runs of 32-bit words, named by references of 31 bits, 0 being none. Memory
/// is reused, but not given back: one thread writes, and others may read what
/// a name once meant, and find out that it means something else.
class holder_pool {
 public:
  using reference = std::uint32_t;

  static constexpr std::uint32_t unit = 4;  ///< Words.
  static constexpr std::uint32_t largest_small = 16 * unit;

  explicit holder_pool(memory_budget& budget)
      : memory_(budget), blocks_(budget) {}

  /// Returns a run of at least `words` words: up to `largest_small`, or a
  /// power of two and one unit, up to 2^17. Its contents are not defined.
  /// Returns 0 if there is no memory for it.
  reference allocate(std::uint32_t words);

  /// Takes back a run that was allocated for as many words.
  void release(reference run, std::uint32_t words);

  /// The words of a run. Others may read them: change them by `store_release`.
  std::uint32_t* at(reference run) { return find(run); }
  const std::uint32_t* at(reference run) const { return find(run); }

  /// How many words are readable from the start of a run, though others' may
  /// be among them.
  static std::uint32_t readable_words(reference run) {
    return (block_units - run % block_units) * unit;
  }

 private:
  static constexpr std::uint32_t block_units =
    huge_blocks::block_bytes / (unit * sizeof(std::uint32_t));
  static constexpr std::uint32_t max_blocks = (1U << 31U) / block_units;

  static std::uint32_t units_for(std::uint32_t words) {
    return (words + unit - 1) / unit;
  }
  static std::size_t size_class(std::uint32_t units);

  std::uint32_t* find(reference run) const {
    return blocks_.read()[run / block_units] +
           std::size_t{run % block_units} * unit;
  }
  bool add_block();

  huge_blocks memory_;
  growing_array<std::uint32_t*> blocks_;
  std::uint32_t next_ = block_units;      ///< First unused unit of the last.
  std::array<reference, 48> released_{};  ///< By size class, chained.
};

}  // namespace kvc
