#include "actors/index/kv_index.hpp"

#include <algorithm>
#include <array>
#include <shared_mutex>

namespace kvc {

/// One attempt to answer `find` beside the writer.
class kv_index::finder {
 public:
  finder(const kv_index& index, std::span<const std::uint64_t> live_epochs,
         holder_lists& out)
      : index_(index), live_epochs_(live_epochs), out_(out) {
    out.ranges.clear();
    out.holders.clear();
  }

  /// Returns false if the writer was in the way.
  bool find(std::span<const std::uint64_t> hashes) {
    const auto generation_changes = load_shared(index_.generation_changes_);
    const auto steps = load_shared(index_.steps_);
    if (generation_changes % 2 != 0)
      return false;
    while (!hashes.empty()) {
      const auto part = hashes.first(std::min(window, hashes.size()));
      hashes = hashes.subspan(part.size());
      if (!find_part(part))
        return false;
    }
    return load_shared(index_.generation_changes_) == generation_changes &&
           load_shared(index_.steps_) - steps < most_steps;
  }

 private:
  static constexpr std::size_t window = 64;  ///< Keys under way at once.

  /// Far fewer than a bucket's version needs to come round.
  static constexpr std::uint64_t most_steps = 1024;

  bool find_part(std::span<const std::uint64_t> hashes) {
    std::array<key_table::target, window> targets;
    std::array<key_table::reading, window> readings;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      targets[i] = index_.table_.target_of(hashes[i]);
      targets[i].prefetch_to_read();
    }
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (!index_.table_.read(targets[i], hashes[i], readings[i]))
        return false;
      index_.sets_.prefetch(readings[i].word);
    }
    last_name_ = 0;
    for (std::size_t i = 0; i < hashes.size(); ++i)
      if (!append(hashes[i], readings[i]))
        return false;
    return true;
  }

  /// Appends the holders that a reading names, after another one if the first
  /// does not hold any more.
  bool append(std::uint64_t hash, key_table::reading& reading) {
    constexpr int tries = 16;
    for (int i = 0; i < tries; ++i) {
      if (reading.word == 0) {
        out_.ranges.emplace_back();
        return true;
      }
      if (reading.word == last_name_ && reading.still_holds()) {
        out_.ranges.push_back(last_);
        return true;
      }
      if (index_.sets_.read(reading.word, out_.scratch) &&
          reading.still_holds()) {
        append_visible(reading.word);
        return true;
      }
      if (!index_.table_.read(index_.table_.target_of(hash), hash, reading))
        return false;
      last_name_ = 0;
    }
    return false;
  }

  void append_visible(std::uint32_t name) {
    last_name_ = name;
    last_.begin = static_cast<std::uint32_t>(out_.holders.size());
    out_.holders.resize(last_.begin + out_.scratch.size());
    auto* end = out_.holders.data() + last_.begin;
    const auto* views = index_.views_.read();
    const auto live_epochs = live_epochs_;
    for (const auto word : out_.scratch) {
      const auto& view = views[generation_of(word)];
      const auto slot = load_shared(view.worker_slot);
      *end = {static_cast<std::uint32_t>(slot) & 0x7fffffffU, word & 1U};
      if (slot < live_epochs.size() &&
          live_epochs[slot] == load_shared(view.epoch))
        ++end;
    }
    last_.end = static_cast<std::uint32_t>(end - out_.holders.data());
    out_.holders.resize(last_.end);
    out_.ranges.push_back(last_);
  }

  const kv_index& index_;
  std::span<const std::uint64_t> live_epochs_;
  holder_lists& out_;

  /// Whose holders were appended last, if the next reading is older than that.
  std::uint32_t last_name_ = 0;
  holder_lists::range last_;
};

void kv_index::find(std::span<const std::uint64_t> hashes,
                    std::span<const std::uint64_t> live_epochs,
                    holder_lists& out) const {
  constexpr int tries = 3;
  for (int i = 0; i < tries; ++i) {
    if (finder{*this, live_epochs, out}.find(hashes))
      return;
  }
  const std::shared_lock lock{mutex_};
  finder{*this, live_epochs, out}.find(hashes);
}

}  // namespace kvc
