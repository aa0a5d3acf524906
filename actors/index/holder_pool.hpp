#pragma once

#include "actors/index/growing_array.hpp"
#include "actors/index/huge_blocks.hpp"

#include <array>
#include <cstdint>

namespace kvc {

/// The memory of holder_sets: runs of 32-bit words, each named by a reference
/// of 31 bits. Reference 0 names no run. Memory is reused but never given back:
/// one thread writes, and a thread that reads by an outdated name finds the
/// words of another run. It must find that out by itself.
class holder_pool {
 public:
  using reference = std::uint32_t;

  static constexpr std::uint32_t unit = 4;  ///< Words; runs consist of units.
  static constexpr std::uint32_t largest_small = 16 * unit;  ///< Words.

  explicit holder_pool(memory_budget& budget)
      : memory_(budget), blocks_(budget) {}

  /// Returns a run of at least `words` words with undefined contents, or 0
  /// without memory. More words than `largest_small` must be a unit and a power
  /// of two, which is at most 2^17.
  reference allocate(std::uint32_t words);

  /// Takes back a run that was allocated for the same number of words.
  void release(reference run, std::uint32_t words);

  /// Returns the words of a run. Other threads may be reading them: change them
  /// by `store_release`.
  std::uint32_t* at(reference run) { return find(run); }
  const std::uint32_t* at(reference run) const { return find(run); }

  /// Returns how many words may be read from the start of a run: those up to
  /// the end of its block, other runs' words among them.
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
  std::uint32_t next_ = block_units;  ///< First unused unit of the last block.
  std::array<reference, 48> released_{};  ///< Heads of chains, by size class.
};

}  // namespace kvc
