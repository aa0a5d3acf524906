#include "actors/commands/move_steps.hpp"

#include "messages/errors.hpp"

#include <algorithm>
#include <array>

namespace kvc::moving {

namespace {

constexpr std::size_t chunks_per_surrender = key_block::max_keys / 2;

/// So many files are removed within a lender's time.
constexpr std::size_t files_per_surrender = 1'024;

command_tally tally_of(const context& c) {
  const auto elapsed = c.self->clock().now() - c.state().begun_at;
  return c.state().tally->now(static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count()));
}

/// What could not be copied is no success, whatever else was done.
void finish(const context& c) {
  const auto tally = tally_of(c);
  if (const auto failed = tally.of(chunk_outcome::failed); failed > 0) {
    send_progress(c);
    return end(c, caf::make_error(errc::io_failed, std::to_string(failed) +
                                                     " chunks not copied: " +
                                                     c.state().last_trouble));
  }
  c.state().answer.deliver(
    command_result{0, c.state().misfit, c.state().is_cancelled, tally});
  c.self->quit();
}

/// Tells the index, then goes on.
template <class Next>
void flush(const context_ptr& c, Next next) {
  auto& state = c->state();
  state.is_flushing = true;
  state.reporters_pending = c->reporters.size();
  if (c->reporters.empty())
    next();
  for (const auto& reporter : c->reporters)
    c->self->request(reporter, caf::infinite, flush_reports{})
      .then(
        [=](const reports_flushed&) {
          if (--c->state().reporters_pending == 0)
            next();
        },
        [=](const caf::error&) {
          end(*c, caf::make_error(errc::connection_lost,
                                  "copied, but the index was not told"));
        });
}

/// Returns whether a source that says so has not begun to drop anything.
bool is_refusal(const caf::error& why) {
  constexpr std::array refusals{errc::invalid_request, errc::unknown_worker,
                                errc::stale_epoch,     errc::not_ready,
                                errc::too_busy,        errc::unknown_location};
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](errc each) { return why == each; });
}

/// Has the source drop what was confirmed.
void surrender(const context_ptr& c) {
  auto& tally = *c->state().tally;
  auto part = tally.to_surrender(c->state().order.what.where == location::disk
                                   ? files_per_surrender
                                   : chunks_per_surrender);
  if (part.empty())
    return finish(*c);
  const auto count = part.size();
  const auto go_on = [=](const surrender_report& report) {
    c->state().tally->note(report);
    surrender(c);
  };
  const auto give_up = [=](const caf::error& why) { give_up_source(*c, why); };
  const auto& order = c->state().order;
  if (c->is_local()) {
    run_command clear;
    clear.event_id = order.event_id + "/source";
    clear.id = order.id;
    clear.what.verb = operation::clear;
    clear.what.where = order.what.where;
    clear.what.hashes.keys = std::move(part);
    clear.timeout = time_left(*c);
    tally.note_asked(count);
    c->self->request(c->owner, caf::infinite, clear)
      .then(
        [=](const command_result& result) {
          go_on(
            surrender_report{.pinned = result.tally.of(chunk_outcome::pinned),
                             .in_use = result.tally.of(chunk_outcome::in_use)});
        },
        give_up);
    return;
  }
  const surrender_chunks question{
    order.source.id, order.source.epoch, {std::move(part)}, order.what.where};
  c->self
    ->request(c->services.transfers->dialer, time_left(*c),
              dial_peer{order.source.host, order.source.port})
    .then(
      [=](const peer_actor& peer) {
        auto& state = c->state();
        if (!state.source)
          c->self->monitor(peer);
        state.source = peer;
        state.tally->note_asked(count);
        c->self->request(peer, time_left(*c), question).then(go_on, give_up);
      },
      give_up);
}

}  // namespace

std::chrono::milliseconds time_left(const context& c) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
    c.state().deadline - c.self->clock().now());
  return std::max(left, std::chrono::milliseconds{1});
}

std::string progress_text(const context& c) {
  const auto tally = tally_of(c);
  return std::to_string(tally.finished()) + " of " +
         std::to_string(tally.planned) + " chunks done, " +
         (c.state().is_flushing ? "the index not told, " : "") +
         c.state().tally->source_text();
}

void send_progress(const context& c) {
  const auto& order = c.state().order;
  if (order.observer)
    c.self->send(order.observer, command_progress{order.id, tally_of(c)});
}

void end(const context& c, caf::error why) {
  c.state().answer.deliver(std::move(why));
  c.self->quit();
}

void give_up_source(const context& c, const caf::error& why) {
  auto& tally = *c.state().tally;
  if (is_refusal(why))
    tally.note_refused();
  end(c, caf::make_error(
           errc::connection_lost,
           "copied, but " + tally.source_text() + ": " + describe(why)));
}

void finish_copying(const context_ptr& c) {
  flush(c, [c] {
    auto& state = c->state();
    state.is_flushing = false;
    if (state.order.what.is_copy || state.is_cancelled)
      return finish(*c);
    surrender(c);
  });
}

}  // namespace kvc::moving
