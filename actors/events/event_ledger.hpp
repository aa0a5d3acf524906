#pragma once

#include "messages/executor.hpp"

#include <cstdint>

namespace kvc {

/// The rules of one control event: what its ranks have said, and what becomes
/// of the event by that. Only listed ranks count, and only the first answer of
/// each. A rank that is silent or lost is unknown: its late answer corrects
/// what was said of it.
class event_ledger {
 public:
  /// Begins with an event whose ranks run, or have failed from the start.
  explicit event_ledger(event_status begun) : status_(std::move(begun)) {}

  // These return whether anything has changed by what is noted.

  bool note_progress(std::uint32_t rank, const command_tally& tally);

  /// Takes a rank's answer. If some chunks have failed, the rank has.
  bool note_result(std::uint32_t rank, const command_result& result);

  /// Takes why a rank does nothing more: its own words, or that it was gone
  /// before it could begin.
  bool note_refusal(std::uint32_t rank, std::string words,
                    std::int32_t code = rank_code::refused);

  /// Takes that a rank has not confirmed its end. `code` is one of rank_code.
  bool note_loss(std::uint32_t rank, std::int32_t code, std::string why);

  /// Waits no longer for the ranks that run. Those that are only silent may
  /// answer late.
  void lose_rest(std::int32_t code, const std::string& why);

  /// From now on, an event that does not finish was cancelled.
  void request_cancel() { is_cancel_requested_ = true; }
  bool is_cancel_requested() const { return is_cancel_requested_; }

  /// Whether no rank runs any more, as far as is known.
  bool is_over() const;

  /// Whether a late answer may come.
  bool is_awaiting() const;

  /// Ends the event, which must be over, or corrects its end. Says what became
  /// of it.
  const event_status& end(std::int64_t now_ms);

  bool has_ended() const { return status_.finished_at_ms != 0; }

  const event_status& status() const { return status_; }

 private:
  rank_status* awaited(std::uint32_t rank);
  void count_tokens();

  event_status status_;
  bool is_cancel_requested_ = false;
};

}  // namespace kvc
