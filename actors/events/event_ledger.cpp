#include "actors/events/event_ledger.hpp"

#include "messages/counted.hpp"

#include <algorithm>
#include <optional>

namespace kvc {

namespace {

/// Whether the rank may still answer.
bool is_awaited(const rank_status& x) {
  return x.state == event_state::running ||
         (x.state == event_state::unknown && x.code == rank_code::silent);
}

}  // namespace

rank_status* event_ledger::awaited(std::uint32_t rank) {
  const auto found = std::find_if(
    status_.ranks.begin(), status_.ranks.end(),
    [rank](const auto& x) { return x.rank == rank && is_awaited(x); });
  return found == status_.ranks.end() ? nullptr : &*found;
}

bool event_ledger::note_progress(std::uint32_t rank,
                                 const command_tally& tally) {
  auto* entry = awaited(rank);
  if (entry == nullptr)
    return false;
  entry->tally = tally;
  return true;
}

bool event_ledger::note_result(std::uint32_t rank,
                               const command_result& result) {
  auto* entry = awaited(rank);
  if (entry == nullptr)
    return false;
  entry->tally = result.tally;
  const auto lost = result.tally.of(chunk_outcome::failed);
  if (!result.was_cancelled && lost > 0)
    return note_refusal(
      rank, counted(lost, "chunk") + " could not be read, written or decoded");
  entry->state =
    result.was_cancelled ? event_state::cancelled : event_state::finished;
  entry->code = result.code;
  entry->error = result.detail;
  count_tokens();
  return true;
}

bool event_ledger::note_refusal(std::uint32_t rank, std::string words,
                                std::int32_t code) {
  auto* entry = awaited(rank);
  if (entry == nullptr)
    return false;
  entry->state = event_state::failed;
  entry->code = code;
  entry->error = std::move(words);
  count_tokens();
  return true;
}

bool event_ledger::note_loss(std::uint32_t rank, std::int32_t code,
                             std::string why) {
  auto* entry = awaited(rank);
  if (entry == nullptr)
    return false;
  entry->state = event_state::unknown;
  entry->code = code;
  entry->error = std::move(why);
  return true;
}

void event_ledger::lose_rest(std::int32_t code, const std::string& why) {
  for (auto& entry : status_.ranks)
    if (entry.state == event_state::running)
      note_loss(entry.rank, code, why);
}

bool event_ledger::is_over() const {
  return std::none_of(
    status_.ranks.begin(), status_.ranks.end(),
    [](const auto& x) { return x.state == event_state::running; });
}

bool event_ledger::is_awaiting() const {
  return std::any_of(status_.ranks.begin(), status_.ranks.end(), is_awaited);
}

const event_status& event_ledger::end(std::int64_t now_ms) {
  const auto any = [this](event_state state) {
    return std::any_of(status_.ranks.begin(), status_.ranks.end(),
                       [state](const auto& x) { return x.state == state; });
  };
  const auto has_failed = any(event_state::failed) || any(event_state::unknown);
  const auto was_cancelled =
    any(event_state::cancelled) || (is_cancel_requested_ && has_failed);
  status_.state = was_cancelled ? event_state::cancelled
                  : has_failed  ? event_state::failed
                                : event_state::finished;
  (has_ended() ? status_.corrected_at_ms : status_.finished_at_ms) = now_ms;
  return status_;
}

/// Only what all ranks did it for is of use: minimum over those that answered.
void event_ledger::count_tokens() {
  std::optional<std::uint64_t> least;
  for (const auto& x : status_.ranks)
    if (x.has_answered())
      least = std::min(least.value_or(x.tally.tokens), x.tally.tokens);
  status_.tokens = least.value_or(0);
}

}  // namespace kvc
