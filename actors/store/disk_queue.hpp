#pragma once

#include "actors/store/chunk_access.hpp"
#include "actors/store/chunk_record.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace kvc {

/// A chunk to be written, whose bytes somebody keeps until then.
struct kept_chunk {
  new_chunk chunk;                  ///< Its `bytes` are the raw size.
  codec_id codec = codec_id::none;  ///< How `bytes` are encoded.
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  ///< Keeps `bytes` as they are.

  chunk_record record() const {
    return {.hash = chunk.hash,
            .raw_bytes = chunk.bytes,
            .encoded_bytes = bytes.size(),
            .tokens = chunk.tokens,
            .codec = codec};
  }
};

/// What became of the chunks of an offer. The others are here or wait already.
struct offer_result {
  std::size_t taken = 0;
  std::size_t refused = 0;   ///< The queue was full or stopped.
  bool is_overflow = false;  ///< The first refusal since the queue was empty.
};

/// The chunks that wait to be written, within a limit. Not thread-safe. No
/// owner of a chunk ends in here: chunks that are let go stay with or go to the
/// caller.
class disk_queue {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The hashes of the chunks that were offered together, in order.
  using batch = std::shared_ptr<const std::vector<std::uint64_t>>;

  explicit disk_queue(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// Whether the chunk waits or is being written, and was not cancelled.
  bool contains(std::uint64_t hash) const { return waiting_.contains(hash); }

  /// Whether a chunk of so many bytes can be added now.
  bool has_room(std::uint64_t bytes) const {
    return !is_stopped_ && bytes <= max_bytes_ - bytes_;
  }

  /// Returns a chunk that waits or is being written; null if there is none. It
  /// is valid until the next call that is not const.
  const kept_chunk* find(std::uint64_t hash) const;

  /// Returns the chunks that wait or are being written, in order.
  std::vector<std::uint64_t> waiting() const;

  /// Adds the chunks, at the time `now`, but not those for which `is_here` is
  /// true and those that wait already. `hashes` are the hashes of all. Calls
  /// what on_work() was given, unless that was called before and neither
  /// begin() nor pop() has left the queue empty since.
  offer_result offer(std::span<kept_chunk> chunks, const batch& hashes,
                     const std::function<bool(std::uint64_t)>& is_here,
                     time_point now);

  /// Returns the first chunk, which counts as being written until pop();
  /// nothing if none waits.
  std::optional<kept_chunk> begin();

  struct finished {
    bool is_cancelled = false;
    batch written;  ///< Set if no more chunks of the batch wait.
  };

  /// Takes out the chunk that was being written.
  finished pop();

  /// Drops a chunk that waits; cancels one that is being written.
  std::optional<kept_chunk> drop(std::uint64_t hash);

  /// Refuses all offers from now on. Drops all but the chunk that is being
  /// written.
  std::vector<kept_chunk> stop();

  /// Calls `wake`, unless it is empty, when there is work: see offer(). Calls
  /// it at once if something waits already.
  void on_work(std::function<void()> wake);

  /// These count the chunk that is being written.
  std::size_t size() const { return chunks_.size(); }
  std::uint64_t bytes() const { return bytes_; }

  /// Returns what is wrong: the numbers do not fit the chunks, or a chunk waits
  /// for longer than 30 s. Empty if nothing.
  std::string check(time_point now) const;

 private:
  struct waiting_chunk {
    kept_chunk kept;
    batch offered_with;
    time_point since;
  };

  void push(kept_chunk chunk, const batch& offered_with, time_point now);

  /// The first chunk that is not cancelled.
  std::deque<waiting_chunk>::const_iterator first() const {
    return chunks_.begin() + (is_cancelled_ ? 1 : 0);
  }

  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  std::deque<waiting_chunk> chunks_;
  std::unordered_set<std::uint64_t> waiting_;  ///< Those not cancelled.
  bool is_writing_ = false;                    ///< The first of `chunks_`.
  bool is_cancelled_ = false;                  ///< That one.
  bool is_awake_ = false;
  bool is_full_ = false;  ///< An offer was refused since it was empty.
  bool is_stopped_ = false;
  std::function<void()> wake_;
};

}  // namespace kvc
