#pragma once

#include "messages/executor.hpp"

#include <cstdint>
#include <set>

namespace kvc {

/// The rules of one control event: what its ranks have said, and what that
/// makes of it. Of each rank the first answer counts, of those that are listed.
class event_ledger {
 public:
  /// Begins with an event whose ranks run, or have failed from the start.
  explicit event_ledger(event_status begun) : status_(std::move(begun)) {}

  void note_progress(std::uint32_t rank, const command_tally& tally);

  /// A rank that could not do it for some chunks has failed.
  void note_result(std::uint32_t rank, const command_result& result);

  /// `code` is one of rank_code.
  void note_failure(std::uint32_t rank, std::int32_t code, std::string error);

  /// Everything that runs still fails.
  void fail_rest(std::int32_t code, const std::string& error);

  /// From now on, what is not finished was cancelled.
  void request_cancel() { is_cancel_requested_ = true; }
  bool is_cancel_requested() const { return is_cancel_requested_; }

  /// Whether all ranks have answered or failed.
  bool is_over() const;

  /// Says what became of the event, which must be over.
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
