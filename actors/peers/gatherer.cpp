#include "actors/peers/gatherer.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>
#include <caf/scoped_actor.hpp>

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = gatherer_actor::stateful_pointer<gatherer_state>;

/// A second one asks others for what the first failed to bring.
constexpr std::uint32_t max_rounds = 2;

constexpr std::size_t max_chunks = 4'096;  ///< Of a round.

/// One gatherer's actor and what all its steps need.
struct context {
  self_pointer self;
  gather_services services;
  gather_options options;

  gatherer_state& state() const { return self->state; }
};

using context_ptr = std::shared_ptr<const context>;

void advance(const context_ptr& c, std::uint64_t number);

std::chrono::milliseconds time_left(const context& c,
                                    const gatherer_state::question& asked) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
    asked.deadline - c.self->clock().now());
  return std::max(left, std::chrono::milliseconds{1});
}

void answer(const context& c, std::uint64_t number) {
  auto& questions = c.state().questions;
  const auto found = questions.find(number);
  if (found == questions.end())
    return;
  auto& asked = found->second;
  asked.answer.deliver(peer_source::result{
    c.services.transfers.store->count_prefix(asked.hashes), asked.holds});
  questions.erase(found);
}

/// Ends a round: those who waited for it look what is missing still.
void end_round(const context_ptr& c, std::uint64_t id) {
  auto node = c->state().rounds.extract(id);
  if (node.empty())
    return;
  auto& ended = node.mapped();
  for (const auto hash : ended.hashes)
    c->state().in_flight.erase(hash);
  for (const auto number : ended.questions) {
    const auto found = c->state().questions.find(number);
    if (found == c->state().questions.end())
      continue;
    auto& holds = *found->second.holds;
    holds.insert(holds.end(), ended.holds.begin(), ended.holds.end());
    advance(c, number);
  }
}

void avoid(const context& c, const worker_id& peer, const std::string& why) {
  spdlog::debug("gatherer: peer avoided worker={} peer={} reason={}",
                to_string(c.services.id), to_string(peer), why);
  c.state().avoided[peer] = c.self->clock().now() + c.options.avoidance;
}

/// Notes a peer that gave a part of what it was asked for in this round.
void note_stumble(const context& c, std::uint64_t id, const worker_id& peer) {
  const auto found = c.state().rounds.find(id);
  if (found == c.state().rounds.end())
    return;
  for (const auto number : found->second.questions)
    if (const auto asked = c.state().questions.find(number);
        asked != c.state().questions.end())
      asked->second.stumbled.insert(peer);
}

void end_share(const context_ptr& c, std::uint64_t id, const fetch_share& share,
               const std::string& trouble) {
  auto& state = c->state();
  auto& load = state.load[share.peer.id];
  load -= std::min(load, share.end - share.begin);
  if (load == 0)
    state.load.erase(share.peer.id);
  if (!trouble.empty())
    avoid(*c, share.peer.id, trouble);
  const auto found = state.rounds.find(id);
  if (found != state.rounds.end() && --found->second.pending == 0)
    end_round(c, id);
}

void fetch_share_of(const context_ptr& c, std::uint64_t id,
                    const fetch_share& share,
                    std::chrono::milliseconds patience) {
  auto& state = c->state();
  const auto& hashes = state.rounds.at(id).hashes;
  fetch_chunks order;
  order.source = share.peer;
  order.hashes.assign(hashes.begin() + static_cast<std::ptrdiff_t>(share.begin),
                      hashes.begin() + static_cast<std::ptrdiff_t>(share.end));
  order.patience = patience;
  order.owner = caf::actor_cast<caf::strong_actor_ptr>(c->self);
  state.load[share.peer.id] += share.end - share.begin;
  ++state.rounds.at(id).pending;
  const auto copy = c->self->spawn(transfer, c->services.transfers);
  c->self->request(copy, caf::infinite, order)
    .then(
      [=](const fetch_report& report) {
        if (auto found = c->state().rounds.find(id);
            found != c->state().rounds.end())
          found->second.holds.push_back(report.holds);
        if (!report.trouble.empty() && report.copied_bytes > 0)
          note_stumble(*c, id, share.peer.id);
        end_share(c, id, share, report.trouble);
      },
      [=](const caf::error& why) { end_share(c, id, share, describe(why)); });
}

/// Leaves out who is avoided; but if nobody else is left, one who gave a part
/// of the same already is asked once more.
void leave_out_avoided(const context& c, const gatherer_state::question& asked,
                       std::vector<chunk_holder>& holders) {
  auto& avoided = c.state().avoided;
  const auto now = c.self->clock().now();
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

void take_holders(const context_ptr& c, std::uint64_t id,
                  const gatherer_state::question& asked,
                  std::vector<chunk_holder> holders) {
  auto& state = c->state();
  const auto patience = time_left(*c, asked);
  leave_out_avoided(*c, asked, holders);
  const auto load = [&state](const worker_id& peer) {
    const auto found = state.load.find(peer);
    return found == state.load.end() ? 0 : found->second;
  };
  const auto shares =
    plan_fetch(std::move(holders), state.rounds.at(id).hashes.size(), load,
               c->services.host);
  for (const auto& share : shares)
    fetch_share_of(c, id, share, patience);
  if (shares.empty())
    end_round(c, id);
}

/// Fetches what the question misses, up to what comes already.
void begin_round(const context_ptr& c, std::uint64_t number,
                 std::span<const std::uint64_t> missing) {
  auto& state = c->state();
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
  const auto lookups = c->services.lookups();
  if (!lookups)
    return end_round(c, id);
  const auto patience = time_left(*c, asked);
  c->self
    ->request(lookups, patience,
              locate_chunks{{begun.hashes}, c->services.model, c->services.id})
    .then(
      [=](std::vector<chunk_holder>& holders) {
        const auto waiting = c->state().questions.find(number);
        if (waiting == c->state().questions.end())
          return end_round(c, id);
        take_holders(c, id, waiting->second, std::move(holders));
      },
      [=](const caf::error&) { end_round(c, id); });
}

/// Takes the next step for a question: waits for what comes, fetches what is
/// missing, or answers.
void advance(const context_ptr& c, std::uint64_t number) {
  auto& state = c->state();
  auto& asked = state.questions.at(number);
  const auto count = c->services.transfers.store->count_prefix(asked.hashes);
  const auto is_late = c->self->clock().now() >= asked.deadline;
  if (count == asked.hashes.size() || is_late)
    return answer(*c, number);
  const auto coming = state.in_flight.find(asked.hashes[count]);
  if (coming != state.in_flight.end()) {
    state.rounds.at(coming->second).questions.push_back(number);
    return;
  }
  if (asked.rounds >= max_rounds || !c->services.lookups())
    return answer(*c, number);
  begin_round(c, number, std::span{asked.hashes}.subspan(count));
}

}  // namespace

gatherer_actor::behavior_type gatherer(self_pointer self,
                                       const gather_services& services,
                                       const gather_options& options) {
  const auto c =
    std::make_shared<const context>(context{self, services, options});
  return {
    [=](gather_chunks& msg) -> caf::result<peer_source::result> {
      auto& state = self->state;
      const auto number = ++state.last_number;
      auto& asked = state.questions[number];
      asked.hashes = std::move(msg.hashes);
      asked.deadline = self->clock().now() + options.patience;
      asked.answer = self->make_response_promise<peer_source::result>();
      auto promise = asked.answer;
      self->delayed_send(self, options.patience, gather_late{number});
      advance(c, number);
      return promise;
    },
    [c](const gather_late& msg) { answer(*c, msg.question); },
  };
}

peer_source::result gathering_peers::fetch(
  std::span<const std::uint64_t> hashes) {
  result brought;
  caf::scoped_actor self{*system_};
  // The gatherer is in time by itself; this bounds what it cannot.
  self
    ->request(gatherer_, patience_ * 2,
              gather_chunks{{hashes.begin(), hashes.end()}})
    .receive([&](result& answer) { brought = std::move(answer); },
             [](const caf::error&) {});
  return brought;
}

}  // namespace kvc
