#include "actors/peers/gatherer.hpp"

#include "actors/peers/time_left.hpp"
#include "actors/peers/transfer.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/logger_release.hpp"
#include "messages/repeated_log.hpp"
#include "messages/unexpected.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <mutex>

namespace kvc {

namespace {

using self_pointer = gatherer_impl::stateful_pointer<gatherer_state>;

/// A second one asks others for what the first failed to bring.
constexpr std::uint32_t max_rounds = 2;

constexpr std::size_t max_chunks = 4'096;  ///< Of a round.

void advance(self_pointer self, std::uint64_t number);

void answer(self_pointer self, std::uint64_t number) {
  auto& questions = self->state.questions;
  const auto found = questions.find(number);
  if (found == questions.end())
    return;
  auto& asked = found->second;
  asked.answer.deliver(peer_source::result{
    self->state.here->cpu->count_prefix(asked.hashes), asked.holds});
  questions.erase(found);
}

/// Ends a round: those who waited for it look what is missing still.
void end_round(self_pointer self, std::uint64_t id) {
  auto node = self->state.rounds.extract(id);
  if (node.empty())
    return;
  auto& ended = node.mapped();
  for (const auto hash : ended.hashes)
    self->state.in_flight.erase(hash);
  for (const auto number : ended.questions) {
    const auto found = self->state.questions.find(number);
    if (found == self->state.questions.end())
      continue;
    auto& holds = *found->second.holds;
    holds.insert(holds.end(), ended.holds.begin(), ended.holds.end());
    advance(self, number);
  }
}

void avoid(self_pointer self, const worker_id& peer, const std::string& why) {
  spdlog::debug("gatherer: peer avoided worker={} peer={} reason={}",
                to_string(self->state.here->id()), to_string(peer), why);
  self->state.avoided[peer] =
    self->clock().now() + self->state.options.avoidance;
}

/// A failure of this rank is no reason to avoid the peer.
void note_own_failure(self_pointer self, const std::string& why) {
  warn_repeated("gatherer: chunks of peers not kept worker=" +
                  to_string(self->state.here->id()),
                "reason=" + why);
}

/// Notes a peer that gave a part of what it was asked for in this round.
void note_stumble(self_pointer self, std::uint64_t id, const worker_id& peer) {
  const auto found = self->state.rounds.find(id);
  if (found == self->state.rounds.end())
    return;
  for (const auto number : found->second.questions)
    if (const auto asked = self->state.questions.find(number);
        asked != self->state.questions.end())
      asked->second.stumbled.insert(peer);
}

void end_share(self_pointer self, std::uint64_t id, const fetch_share& share,
               const std::string& trouble) {
  auto& state = self->state;
  auto& load = state.load[share.peer.id];
  load -= std::min(load, share.end - share.begin);
  if (load == 0)
    state.load.erase(share.peer.id);
  if (!trouble.empty())
    avoid(self, share.peer.id, trouble);
  const auto found = state.rounds.find(id);
  if (found != state.rounds.end() && --found->second.pending == 0)
    end_round(self, id);
}

void fetch_share_of(self_pointer self, std::uint64_t id,
                    const fetch_share& share,
                    std::chrono::milliseconds patience) {
  auto& state = self->state;
  const auto& hashes = state.rounds.at(id).hashes;
  fetch_chunks order;
  order.source = share.peer;
  order.hashes.assign(hashes.begin() + static_cast<std::ptrdiff_t>(share.begin),
                      hashes.begin() + static_cast<std::ptrdiff_t>(share.end));
  order.patience = patience;
  order.owner = caf::actor_cast<caf::strong_actor_ptr>(self);
  state.load[share.peer.id] += share.end - share.begin;
  ++state.rounds.at(id).pending;
  const auto copy = self->spawn(transfer, std::ref(*state.here));
  self->request(copy, caf::infinite, order)
    .then(
      [=](const fetch_report& report) {
        if (auto found = self->state.rounds.find(id);
            found != self->state.rounds.end())
          found->second.holds.push_back(report.holds);
        if (report.is_own_failure)
          note_own_failure(self, report.trouble);
        if (report.is_own_failure && !report.is_peer_failing)
          return end_share(self, id, share, "");
        if (!report.trouble.empty() && report.copied_bytes > 0)
          note_stumble(self, id, share.peer.id);
        end_share(self, id, share, report.trouble);
      },
      [=](const caf::error& why) {
        const auto is_own = why == errc::io_failed;  // No peer says that.
        if (is_own)
          note_own_failure(self, describe(why));
        end_share(self, id, share, is_own ? "" : describe(why));
      });
}

/// Leaves out who is avoided; but if nobody else is left, one who gave a part
/// of the same already is asked once more.
void leave_out_avoided(self_pointer self, const gatherer_state::question& asked,
                       std::vector<chunk_holder>& holders) {
  auto& avoided = self->state.avoided;
  const auto now = self->clock().now();
  std::erase_if(avoided, [now](const auto& x) { return x.second <= now; });
  const auto is_avoided = [&](const chunk_holder& x) {
    return avoided.contains(x.peer.id);
  };
  const auto has_others =
    !std::all_of(holders.begin(), holders.end(), is_avoided);
  std::erase_if(holders, [&](const chunk_holder& x) {
    return is_avoided(x) && (has_others || !asked.stumbled.contains(x.peer.id));
  });
}

void take_holders(self_pointer self, std::uint64_t id,
                  const gatherer_state::question& asked,
                  std::vector<chunk_holder> holders) {
  auto& state = self->state;
  const auto patience = time_left(asked.deadline, self->clock().now());
  leave_out_avoided(self, asked, holders);
  const auto load = [&state](const worker_id& peer) {
    const auto found = state.load.find(peer);
    return found == state.load.end() ? 0 : found->second;
  };
  const auto shares =
    plan_fetch(std::move(holders), state.rounds.at(id).hashes.size(), load,
               state.here->ip());
  for (const auto& share : shares)
    fetch_share_of(self, id, share, patience);
  if (shares.empty())
    end_round(self, id);
}

/// Fetches what the question misses, up to what comes already.
void begin_round(self_pointer self, std::uint64_t number,
                 std::span<const std::uint64_t> missing) {
  auto& state = self->state;
  auto& asked = state.questions.at(number);
  ++asked.rounds;
  const auto id = ++state.last_number;
  auto& begun = state.rounds[id];
  begun.questions = {number};
  for (const auto hash : missing) {
    if (begun.hashes.size() == max_chunks ||
        !state.in_flight.emplace(hash, id).second)
      break;
    begun.hashes.push_back(hash);
  }
  const auto lookups = state.here->lookups();
  if (!lookups)
    return end_round(self, id);
  const auto patience = time_left(asked.deadline, self->clock().now());
  self
    ->request(lookups, patience,
              locate_chunks{
                {begun.hashes}, state.here->profile.model, state.here->id()})
    .then(
      [=](std::vector<chunk_holder>& holders) {
        const auto waiting = self->state.questions.find(number);
        if (waiting == self->state.questions.end())
          return end_round(self, id);
        take_holders(self, id, waiting->second, std::move(holders));
      },
      [=](const caf::error&) { end_round(self, id); });
}

/// Takes the next step for a question: waits for what comes, fetches what is
/// missing, or answers.
void advance(self_pointer self, std::uint64_t number) {
  auto& state = self->state;
  auto& asked = state.questions.at(number);
  const auto count = state.here->cpu->count_prefix(asked.hashes);
  const auto is_late = self->clock().now() >= asked.deadline;
  if (count == asked.hashes.size() || is_late)
    return answer(self, number);
  const auto coming = state.in_flight.find(asked.hashes[count]);
  if (coming != state.in_flight.end()) {
    state.rounds.at(coming->second).questions.push_back(number);
    return;
  }
  if (asked.rounds >= max_rounds || !state.here->lookups())
    return answer(self, number);
  begin_round(self, number, std::span{asked.hashes}.subspan(count));
}

/// Who waits for an answer would not notice the end.
void end(self_pointer self, const caf::error& reason) {
  while (!self->state.questions.empty())
    answer(self, self->state.questions.begin()->first);
  self->quit(reason);
}

caf::result<peer_source::result> begin(self_pointer self,
                                       std::vector<std::uint64_t> hashes) {
  auto& state = self->state;
  const auto number = ++state.last_number;
  auto& asked = state.questions[number];
  asked.hashes = std::move(hashes);
  asked.deadline = self->clock().now() + state.options.patience;
  asked.answer = self->make_response_promise<peer_source::result>();
  auto promise = asked.answer;
  self->delayed_send(self, state.options.patience, gather_late{number});
  advance(self, number);
  return promise;
}

}  // namespace

gatherer_impl::behavior_type gatherer(self_pointer self, const rank& here,
                                      const gather_options& options) {
  refuse_unexpected(self);
  self->state.here = &here;
  self->state.options = options;
  self->set_exit_handler(
    [self](const caf::exit_msg& msg) { end(self, msg.reason); });
  return {
    [self](gather_chunks& msg) { return begin(self, std::move(msg.hashes)); },
    [self](const gather_late& msg) { answer(self, msg.question); },
  };
}

peer_source::result gathering_peers::fetch(
  std::span<const std::uint64_t> hashes) {
  result brought;
  const std::shared_lock running{fetching_};
  if (is_stopped_)
    return brought;
  const logger_release release;
  caf::scoped_actor self{*system_};
  // The gatherer is in time by itself; this bounds what it cannot.
  self
    ->request(gatherer_, patience_ * 2,
              gather_chunks{{hashes.begin(), hashes.end()}})
    .receive([&](result& answer) { brought = std::move(answer); },
             [](const caf::error&) {});
  return brought;
}

void gathering_peers::stop() {
  is_stopped_ = true;
  const std::unique_lock none_runs{fetching_};
  gatherer_ = nullptr;  // A caller may let go of us after the system's end.
}

}  // namespace kvc
