#pragma once

#include "actors/store/chunk_access.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

namespace kvc {

/// Bytes that somebody keeps until they are written.
struct kept_chunk {
  new_chunk chunk;                  ///< As stored: `bytes` is the raw size.
  codec_id codec = codec_id::none;  ///< Of `bytes`.
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  ///< Keeps `bytes` as they are.
};

/// The chunks that wait to be written, within a limit. Not thread-safe. Owners
/// never end in here: what is let go is returned.
class disk_queue {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The names of the chunks that were offered together, in order.
  using batch = std::shared_ptr<const std::vector<std::uint64_t>>;

  explicit disk_queue(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  /// Whether the chunk waits or is being written, and was not cancelled.
  bool contains(std::uint64_t hash) const { return waiting_.contains(hash); }

  bool has_room(std::uint64_t bytes) const {
    return bytes <= max_bytes_ - bytes_;
  }

  /// Adds a chunk, at the time `now`, that does not wait yet and for which
  /// there is room. Calls what on_work() was given, unless that was called
  /// before and neither begin() nor pop() has left the queue empty since.
  void push(kept_chunk chunk, batch offered_with, time_point now);

  /// When the first chunk was added; nothing if there is none.
  std::optional<time_point> waits_since() const;

  /// Returns the first chunk, which is being written from now on until pop();
  /// nothing if none waits.
  std::optional<kept_chunk> begin();

  struct finished {
    bool is_cancelled = false;
    batch written;  ///< Set if no more of the chunk's batch wait.
  };

  /// Takes out the chunk that was being written.
  finished pop();

  /// Drops a chunk that waits; cancels one that is being written.
  std::optional<kept_chunk> drop(std::uint64_t hash);

  /// Drops all but what is being written.
  std::vector<kept_chunk> drop_all();

  /// Calls `wake`, if it is not empty, at once if something waits already.
  void on_work(std::function<void()> wake);

  /// With the one that is being written.
  std::size_t size() const { return chunks_.size(); }
  std::uint64_t bytes() const { return bytes_; }

  /// Returns whether the numbers fit the chunks.
  bool check() const;

 private:
  struct waiting_chunk {
    kept_chunk kept;
    batch offered_with;
    time_point since;
  };

  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  std::deque<waiting_chunk> chunks_;
  std::unordered_set<std::uint64_t> waiting_;  ///< Those not cancelled.
  bool is_writing_ = false;                    ///< The first of `chunks_`.
  bool is_cancelled_ = false;                  ///< That one.
  bool is_awake_ = false;
  std::function<void()> wake_;
};

}  // namespace kvc
