#include "actors/events/event_ledger.hpp"

#include <algorithm>
#include <optional>

namespace kvc {

rank_status* event_ledger::running(std::uint32_t rank) {
  const auto found = std::find_if(
    status_.ranks.begin(), status_.ranks.end(), [rank](const auto& x) {
      return x.rank == rank && x.state == event_state::running;
    });
  return found == status_.ranks.end() ? nullptr : &*found;
}

void event_ledger::note_progress(std::uint32_t rank,
                                 const command_tally& tally) {
  if (auto* entry = running(rank))
    entry->tally = tally;
}

void event_ledger::note_result(std::uint32_t rank,
                               const command_result& result) {
  auto* entry = running(rank);
  if (entry == nullptr)
    return;
  entry->tally = result.tally;
  answered_.insert(rank);
  const auto lost = result.tally.of(chunk_outcome::failed);
  if (result.was_cancelled || lost == 0) {
    entry->state =
      result.was_cancelled ? event_state::cancelled : event_state::finished;
    entry->code = result.code;
    entry->error = result.detail;
  } else {
    note_failure(
      rank, rank_code::refused,
      std::to_string(lost) + " chunks could not be read, written or decoded");
  }
  count_tokens();
}

void event_ledger::note_failure(std::uint32_t rank, std::int32_t code,
                                std::string error) {
  if (auto* entry = running(rank)) {
    entry->state = event_state::failed;
    entry->code = code;
    entry->error = std::move(error);
  }
}

void event_ledger::fail_rest(std::int32_t code, const std::string& error) {
  for (auto& entry : status_.ranks)
    if (entry.state == event_state::running)
      note_failure(entry.rank, code, error);
}

bool event_ledger::is_over() const {
  return std::none_of(
    status_.ranks.begin(), status_.ranks.end(),
    [](const auto& x) { return x.state == event_state::running; });
}

const event_status& event_ledger::end(std::int64_t now_ms) {
  const auto any = [this](event_state state) {
    return std::any_of(status_.ranks.begin(), status_.ranks.end(),
                       [state](const auto& x) { return x.state == state; });
  };
  const auto has_failed = any(event_state::failed);
  const auto was_cancelled =
    any(event_state::cancelled) || (is_cancel_requested_ && has_failed);
  status_.state = was_cancelled ? event_state::cancelled
                  : has_failed  ? event_state::failed
                                : event_state::finished;
  status_.finished_at_ms = now_ms;
  return status_;
}

/// Only what all ranks did it for is of use: minimum over those that answered.
void event_ledger::count_tokens() {
  std::optional<std::uint64_t> least;
  for (const auto& x : status_.ranks)
    if (answered_.contains(x.rank))
      least = std::min(least.value_or(x.tally.tokens), x.tally.tokens);
  status_.tokens = least.value_or(0);
}

}  // namespace kvc
