#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace kvc {

/// Lists of 32-bit words for the few chunks with more than one holder. Lists
/// are named by a 32-bit reference, 0 being none; they have no order. Memory
/// comes in blocks of 1 MiB and is reused, but not given back.
class holder_pool {
 public:
  using reference = std::uint32_t;

  /// The longest list.
  static constexpr std::uint32_t max_length = (1U << 16U) - 1;

  /// Returns the words of `list`; valid until the pool changes.
  std::span<const std::uint32_t> words(reference list) const {
    if (list == 0)
      return {};
    const auto* block = at(list);
    return {block + 1, block[0]};
  }

  /// Adds `word` and returns the list's new name. The list must be shorter
  /// than `max_length`.
  reference push(reference list, std::uint32_t word);

  /// Removes the word at `position` and returns the list's new name.
  reference remove(reference list, std::uint32_t position);

  /// No further list fits under 32-bit names.
  bool is_full() const { return blocks_.size() == max_blocks; }

  /// Memory that `push` would take from the system, in bytes.
  std::uint64_t bytes_to_push(reference list) const;

  /// Memory taken from the system, in bytes.
  std::uint64_t bytes() const { return blocks_.size() * block_words * 4; }

 private:
  static constexpr std::uint32_t block_words = 1U << 18U;
  static constexpr std::uint32_t max_blocks = 1U << 14U;
  static constexpr std::uint32_t smallest = 4;  ///< Words, the length included.

  const std::uint32_t* at(reference list) const {
    return blocks_[list / block_words]->data() + list % block_words;
  }
  std::uint32_t* at(reference list) {
    return blocks_[list / block_words]->data() + list % block_words;
  }

  reference allocate(std::uint32_t size);
  void release(reference list, std::uint32_t size);

  using memory_block = std::array<std::uint32_t, block_words>;

  std::vector<std::unique_ptr<memory_block>> blocks_;
  std::uint32_t next_ = block_words;  ///< First unused word of the last block.
  std::array<reference, 32> free_{};  ///< By log2 of the size, chained.
};

}  // namespace kvc
