#include "actors/commands/move_run.hpp"

#include "actors/commands/local_copy.hpp"
#include "actors/commands/move_steps.hpp"
#include "actors/pool/job_failure.hpp"
#include "messages/errors.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace kvc {

namespace {

using moving::context;
using moving::context_ptr;

constexpr std::chrono::milliseconds part_patience{10'000};

constexpr std::uint32_t chunks_per_part = 64;

/// So many large chunks come within their time even if a disk is slow.
constexpr std::uint32_t chunks_per_disk_part = 16;

std::uint32_t part_size_of(const run_command& order) {
  const auto is_local = order.source.id.instance.empty();
  const auto is_in_memory =
    order.what.where == location::cpu && order.what.to == location::cpu;
  return is_local || is_in_memory ? chunks_per_part : chunks_per_disk_part;
}

void copy_next(const context_ptr& c);

std::vector<std::uint64_t> failed_of(const fetch_report& report) {
  std::vector<std::uint64_t> result;
  for (const auto& x : report.chunks)
    if (x.outcome == chunk_outcome::failed)
      result.push_back(x.hash);
  return result;
}

/// Keeps what has come until the move ends; what had failed before it as long
/// as the rest of its part, of which it may be the beginning.
void keep(move_run_state& state, const move_part& part,
          std::shared_ptr<const void> holds) {
  auto at = state.holds.end();
  if (part.is_retry && !state.holds.empty())
    --at;
  state.holds.insert(at, std::move(holds));
}

void note_part(const context_ptr& c, const move_part& part,
               const fetch_report& report) {
  auto& state = c->state();
  state.transfer = nullptr;
  auto chunks = report.chunks;
  const auto failed = failed_of(report);
  if (!failed.empty() && !report.trouble.empty() && !state.is_cancelled)
    state.last_trouble = report.trouble;
  // A damaged file is gone when it has been found, but no success.
  if (part.is_retry && state.order.what.where == location::disk)
    for (auto& x : chunks)
      if (x.outcome == chunk_outcome::absent)
        x.outcome = chunk_outcome::failed;
  const auto is_retried = !c->is_local() && state.plan->retry(part, failed);
  if (is_retried || state.is_cancelled)  // Not tried to the end, so not failed.
    std::erase_if(chunks, [](const fetched_chunk& x) {
      return x.outcome == chunk_outcome::failed;
    });
  const auto is_misfit = [](const fetched_chunk& x) {
    return x.outcome == chunk_outcome::unsuitable;
  };
  if (std::any_of(chunks.begin(), chunks.end(), is_misfit))
    state.misfit = report.trouble;
  state.tally->note(chunks);
  if (state.order.what.is_for_all)
    state.tally->expect(report.total_chunks);
  keep(state, part, report.holds);
  state.plan->note_cursor(part, report.next_cursor);
  const auto is_failure = !state.is_cancelled && !failed.empty() &&
                          report.is_peer_failing && report.copied_bytes == 0;
  if (!state.plan->note_end(is_failure))
    return end(*c, caf::make_error(errc::connection_lost, report.trouble));
  send_progress(*c);
  copy_next(c);
}

/// Tries a part once more, or gives up.
void note_failure(const context_ptr& c, move_part part, caf::error why) {
  auto& state = c->state();
  state.transfer = nullptr;
  if (state.is_cancelled)
    return finish_copying(c);
  if (!state.plan->take_back(std::move(part)))
    return end(*c, std::move(why));
  copy_next(c);
}

void fetch(const context_ptr& c, const move_part& part) {
  auto& state = c->state();
  const fetch_chunks order{
    .source = state.order.source,
    .from = state.order.what.where,
    .to = state.order.what.to,
    .hashes = part.hashes,
    .cursor = part.cursor,
    .max_chunks = part.max_chunks,
    .patience = std::min(part_patience, time_left(*c)),
    .owner = caf::actor_cast<caf::strong_actor_ptr>(c->self)};
  state.transfer = c->self->spawn(transfer, *c->services.transfers);
  c->self->request(state.transfer, caf::infinite, order)
    .then([=](const fetch_report& report) { note_part(c, part, report); },
          [=](caf::error& why) { note_failure(c, part, std::move(why)); });
}

/// Copies a part on one of the pool's threads.
void copy_here(const context_ptr& c, const move_part& part) {
  const auto me = caf::actor_cast<caf::actor>(c->self);
  const auto what = c->state().order.what;
  auto* const from = c->services.store(what.where);
  local_copy copier{*c->services.cpu, *c->services.disk, what.to};
  c->services.submit([=]() mutable {
    part_copied done{.part = part, .report = {}};
    done.failure = failure_of([&] {
      auto hashes = part.hashes;
      if (what.is_for_all) {
        auto found = from->scan(part.cursor, part.max_chunks);
        hashes = std::move(found.hashes);
        done.report.next_cursor = found.next_cursor;
        done.report.total_chunks = from->usage().chunks;
      }
      auto copied = copier.copy(hashes);
      done.report.chunks = std::move(copied.chunks);
      done.report.holds = std::move(copied.holds);
    });
    caf::anon_send(me, std::move(done));
  });
}

void copy_next(const context_ptr& c) {
  auto& state = c->state();
  const auto part = state.is_cancelled ? std::nullopt : state.plan->next();
  if (!part)
    finish_copying(c);
  else if (c->is_local())
    copy_here(c, *part);
  else
    fetch(c, *part);
}

caf::error objection(const context& c, const run_command& order) {
  if (order.what.verb != operation::move)
    return caf::make_error(errc::invalid_request, "no move");
  const auto from = order.what.where;
  const auto to = order.what.to;
  if (c.services.store(to) == nullptr)
    return caf::make_error(errc::unknown_location, to_string(to));
  if (!order.source.id.instance.empty())
    return c.services.transfers
             ? caf::none
             : caf::make_error(errc::p2p_disabled, to_string(order.id));
  if (c.services.store(from) == nullptr)
    return caf::make_error(errc::unknown_location, to_string(from));
  if (from == to)
    return caf::make_error(errc::invalid_request, "to where it is");
  return caf::none;
}

caf::result<command_result> begin(const context_ptr& c,
                                  const run_command& order) {
  if (auto error = objection(*c, order)) {
    c->self->quit();
    return error;
  }
  auto& state = c->state();
  state.order = order;
  state.begun_at = c->self->clock().now();
  state.deadline = state.begun_at + order.timeout;
  state.plan.emplace(order.what, part_size_of(order));
  state.tally.emplace(order.what.hashes.keys.size());
  state.answer = c->self->make_response_promise<command_result>();
  auto answer = state.answer;
  if (order.observer)
    c->self->monitor(order.observer);
  c->self->delayed_send(c->self, order.timeout, give_up{});
  copy_next(c);
  return answer;
}

}  // namespace

move_run_actor::behavior_type move_run(
  move_run_actor::stateful_pointer<move_run_state> self,
  const command_services& services,
  const std::vector<reporter_actor>& reporters, const worker_actor& owner) {
  const auto c =
    std::make_shared<const context>(context{self, services, reporters, owner});
  self->monitor(owner);
  self->set_down_handler([c](const caf::down_msg& down) {
    const auto& source = c->state().source;
    if (source && down.source == source->address())
      give_up_source(*c, caf::make_error(errc::connection_lost, "it is gone"));
    else
      end(*c, caf::make_error(errc::connection_lost, "nobody waits for it"));
  });
  return {
    [=](const run_command& order) { return begin(c, order); },
    [=](const cancel_command&) {
      c->state().is_cancelled = true;
      if (c->state().transfer)
        c->self->send(c->state().transfer, cancel_fetch{});
    },
    [=](const part_copied& msg) {
      if (msg.failure)
        note_failure(c, msg.part, msg.failure);
      else
        note_part(c, msg.part, msg.report);
    },
    [=](const give_up&) {
      end(*c, caf::make_error(errc::timed_out, progress_text(*c)));
    },
  };
}

}  // namespace kvc
