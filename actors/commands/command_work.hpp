#pragma once

#include "actors/store/arrivals.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// Returns the chunks that a command is about and that are on their way.
arrivals arrivals_of(const command& what, chunk_store& store);

/// Does a command on the chunks of one location, step by step. Different
/// threads may take the steps, one after the other.
class command_work {
 public:
  /// `store` must outlive the work; a pin's time to live begins `now`. Fails
  /// with invalid_request if the operation is not about the chunks of a
  /// location, needs a prompt that is not given, or has an unknown method.
  static caf::expected<command_work> plan(
    command what, chunk_store& store,
    std::chrono::steady_clock::time_point now);

  /// Takes one step: a few milliseconds of work, or longer for one large chunk.
  void step();

  bool is_done() const { return is_done_; }

  const command_tally& tally() const { return tally_; }

 private:
  command_work(command what, chunk_store& store);

  std::vector<std::uint64_t> next_chunks();
  void change(std::span<const std::uint64_t> chunks);
  void note(const chunk_change& change);

  command what_;
  chunk_store* store_;
  std::optional<arrivals> arrivals_;  ///< Come first, if it must be here.
  codec_id target_ = codec_id::none;
  std::optional<std::chrono::steady_clock::time_point> pinned_until_;

  std::uint64_t cursor_ = 0;          ///< Of the scan, for all chunks.
  std::size_t next_hash_ = 0;         ///< In the list, for given chunks.
  std::vector<std::uint64_t> found_;  ///< By the scan, not worked on yet.
  bool has_scanned_all_ = false;
  bool has_lost_prefix_ = false;  ///< A pin met an absent chunk.
  bool is_done_ = false;
  command_tally tally_;
};

}  // namespace kvc
