#pragma once

#include "messages/executor.hpp"

#include <cstdint>
#include <set>

namespace kvc {

/// The rules of one control event: what its ranks have said, and what becomes
/// of the event by that. Only listed ranks count, and only the first answer of
/// each.
class event_ledger {
 public:
  /// Begins with an event whose ranks run, or have failed from the start.
  explicit event_ledger(event_status begun) : status_(std::move(begun)) {}

  void note_progress(std::uint32_t rank, const command_tally& tally);

  /// Takes a rank's answer. If some chunks have failed, the rank has.
  void note_result(std::uint32_t rank, const command_result& result);

  /// Takes that a rank gives no result. `code` is one of rank_code.
  void note_failure(std::uint32_t rank, std::int32_t code, std::string error);

  /// Fails all ranks that have not answered.
  void fail_rest(std::int32_t code, const std::string& error);

  /// From now on, an event that does not finish was cancelled.
  void request_cancel() { is_cancel_requested_ = true; }
  bool is_cancel_requested() const { return is_cancel_requested_; }

  /// Whether all ranks have answered or failed.
  bool is_over() const;

  /// Ends the event, which must be over, and says what became of it.
  const event_status& end(std::int64_t now_ms);

  const event_status& status() const { return status_; }

 private:
  rank_status* running(std::uint32_t rank);
  void count_tokens();

  event_status status_;
  std::set<std::uint32_t> answered_;  ///< Ranks, with a result.
  bool is_cancel_requested_ = false;
};

}  // namespace kvc
