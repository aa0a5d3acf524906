#include "actors/worker/move_run.hpp"

#include "actors/worker/local_copy.hpp"
#include "messages/errors.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = move_run_actor::stateful_pointer<move_run_state>;

constexpr std::size_t chunks_per_part = 64;
constexpr std::size_t chunks_per_surrender = key_block::max_keys / 2;
constexpr std::uint32_t max_failed_parts = 2;
constexpr std::chrono::milliseconds part_patience{10'000};

/// One move's actor and what all its steps need.
struct context {
  self_pointer self;
  command_services services;
  std::vector<reporter_actor> reporters;
  worker_actor owner;

  move_run_state& state() const { return self->state; }
  bool is_local() const { return state().order.source.id.instance.empty(); }
};

using context_ptr = std::shared_ptr<const context>;

void copy_next(const context_ptr& c);

std::chrono::milliseconds time_left(const context& c) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
    c.state().deadline - c.self->clock().now());
  return std::max(left, std::chrono::milliseconds{1});
}

command_tally tally_of(const context& c) {
  const auto elapsed = c.self->clock().now() - c.state().begun_at;
  return c.state().tally->now(static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(elapsed).count()));
}

void end(const context& c, caf::error why) {
  c.state().answer.deliver(std::move(why));
  c.self->quit();
}

void send_progress(const context& c) {
  const auto& order = c.state().order;
  if (order.observer)
    c.self->send(order.observer, command_progress{order.id, tally_of(c)});
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
    command_result{0, {}, c.state().is_cancelled, tally});
  c.self->quit();
}

/// Tells the index, then goes on.
template <class Next>
void flush(const context_ptr& c, Next next) {
  auto& state = c->state();
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

/// Has the source drop what was confirmed, from `begin` on.
void surrender(const context_ptr& c, std::size_t begin) {
  const auto& confirmed = c->state().tally->confirmed();
  if (begin >= confirmed.size())
    return finish(*c);
  const auto count = std::min(chunks_per_surrender, confirmed.size() - begin);
  const auto from = confirmed.begin() + static_cast<std::ptrdiff_t>(begin);
  std::vector<std::uint64_t> part{from,
                                  from + static_cast<std::ptrdiff_t>(count)};
  const auto go_on = [=](const surrender_report& report) {
    c->state().tally->note(report);
    surrender(c, begin + count);
  };
  const auto give_up = [=](const caf::error& why) {
    end(*c, caf::make_error(
              errc::connection_lost,
              "copied, but the source keeps its chunks: " + describe(why)));
  };
  const auto& order = c->state().order;
  if (c->is_local()) {
    run_command clear;
    clear.event_id = order.event_id + "/source";
    clear.id = order.id;
    clear.what.what = operation::clear;
    clear.what.where = order.what.where;
    clear.what.hashes.keys = std::move(part);
    clear.timeout = time_left(*c);
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
    order.source.id, order.source.epoch, {std::move(part)}};
  c->self
    ->request(c->services.transfers->dialer, time_left(*c),
              dial_peer{order.source.host, order.source.port})
    .then(
      [=](const peer_actor& peer) {
        c->self->request(peer, time_left(*c), question).then(go_on, give_up);
      },
      give_up);
}

void finish_copying(const context_ptr& c) {
  flush(c, [c] {
    const auto& state = c->state();
    if (state.order.what.is_copy || state.is_cancelled)
      return finish(*c);
    surrender(c, 0);
  });
}

void note_part(const context_ptr& c, const fetch_report& report) {
  auto& state = c->state();
  state.transfer = nullptr;
  auto chunks = report.chunks;
  auto trouble = report.trouble;
  if (state.is_cancelled) {  // Not tried to the end, so not failed.
    std::erase_if(chunks, [](const fetched_chunk& x) {
      return x.outcome == chunk_outcome::failed;
    });
    trouble.clear();
  }
  state.tally->note(chunks);
  if (!trouble.empty())
    state.last_trouble = trouble;
  if (state.order.what.is_for_all)
    state.tally->expect(report.total_chunks);
  state.holds.push_back(report.holds);
  state.cursor = report.next_cursor;
  const auto has_failed = !trouble.empty() && report.copied_bytes == 0;
  state.failed_parts = has_failed ? state.failed_parts + 1 : 0;
  if (state.failed_parts >= max_failed_parts)
    return end(*c, caf::make_error(errc::connection_lost, trouble));
  send_progress(*c);
  copy_next(c);
}

/// Goes back to try a part once more, or gives up.
void note_failure(const context_ptr& c, const fetch_chunks& part,
                  caf::error why) {
  auto& state = c->state();
  state.transfer = nullptr;
  if (state.is_cancelled)
    return finish_copying(c);
  if (++state.failed_parts >= max_failed_parts)
    return end(*c, std::move(why));
  state.next_hash -= part.hashes.size();
  state.has_begun = !part.hashes.empty() || part.cursor != 0;
  copy_next(c);
}

void fetch(const context_ptr& c, const fetch_chunks& part) {
  auto& state = c->state();
  state.transfer = c->self->spawn(transfer, *c->services.transfers);
  c->self->request(state.transfer, caf::infinite, part)
    .then([=](const fetch_report& report) { note_part(c, report); },
          [=](caf::error& why) { note_failure(c, part, std::move(why)); });
}

/// Copies a part on one of the pool's threads.
void copy_here(const context_ptr& c, const fetch_chunks& part) {
  const auto me = caf::actor_cast<caf::actor>(c->self);
  const auto what = c->state().order.what;
  auto* const from = c->services.store(what.where);
  local_copy copier{*c->services.memory, *c->services.disk, what.to};
  c->services.submit([=]() mutable {
    auto hashes = part.hashes;
    part_copied done;
    if (what.is_for_all) {
      auto found = from->scan(part.cursor, part.max_chunks);
      hashes = std::move(found.hashes);
      done.report.next_cursor = found.next_cursor;
      done.report.total_chunks = from->usage().chunks;
    }
    auto copied = copier.copy(hashes);
    done.report.chunks = std::move(copied.chunks);
    done.report.holds = std::move(copied.holds);
    caf::anon_send(me, std::move(done));
  });
}

/// Returns the next part of what is to be copied; nothing at the end.
std::optional<fetch_chunks> next_part(const context& c) {
  auto& state = c.state();
  fetch_chunks part;
  part.source = state.order.source;
  part.patience = std::min(part_patience, time_left(c));
  part.owner = caf::actor_cast<caf::strong_actor_ptr>(c.self);
  if (state.order.what.is_for_all) {
    if (std::exchange(state.has_begun, true) && state.cursor == 0)
      return std::nullopt;
    part.cursor = state.cursor;
    part.max_chunks = chunks_per_part;
    return part;
  }
  const auto& given = state.order.what.hashes.keys;
  const auto count = std::min(chunks_per_part, given.size() - state.next_hash);
  if (count == 0)
    return std::nullopt;
  const auto from =
    given.begin() + static_cast<std::ptrdiff_t>(state.next_hash);
  part.hashes.assign(from, from + static_cast<std::ptrdiff_t>(count));
  state.next_hash += count;
  return part;
}

void copy_next(const context_ptr& c) {
  const auto part = c->state().is_cancelled ? std::nullopt : next_part(*c);
  if (!part)
    finish_copying(c);
  else if (c->is_local())
    copy_here(c, *part);
  else
    fetch(c, *part);
}

caf::error objection(const context& c, const run_command& order) {
  if (order.what.what != operation::move)
    return caf::make_error(errc::invalid_request, "no move");
  for (const auto where : {order.what.where, order.what.to})
    if (c.services.store(where) == nullptr)
      return caf::make_error(errc::unknown_location, to_string(where));
  if (order.source.id.instance.empty())
    return order.what.where != order.what.to
             ? caf::none
             : caf::make_error(errc::invalid_request, "to where it is");
  if (order.what.where != location::cpu || order.what.to != location::cpu)
    return caf::make_error(errc::invalid_request,
                           "peers move chunks from memory to memory");
  if (!c.services.transfers)
    return caf::make_error(errc::p2p_disabled, to_string(order.id));
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
  self_pointer self, const command_services& services,
  const std::vector<reporter_actor>& reporters, const worker_actor& owner) {
  const auto c =
    std::make_shared<const context>(context{self, services, reporters, owner});
  self->monitor(owner);
  self->set_down_handler([c](const caf::down_msg&) {
    end(*c, caf::make_error(errc::connection_lost, "nobody waits for it"));
  });
  return {
    [=](const run_command& order) { return begin(c, order); },
    [=](const cancel_command&) {
      c->state().is_cancelled = true;
      if (c->state().transfer)
        c->self->send(c->state().transfer, cancel_fetch{});
    },
    [=](const part_copied& msg) { note_part(c, msg.report); },
    [=](const give_up&) {
      const auto tally = tally_of(*c);
      end(*c, caf::make_error(errc::timed_out,
                              std::to_string(tally.finished()) + " of " +
                                std::to_string(tally.planned) +
                                " chunks done, the source keeps its own"));
    },
  };
}

}  // namespace kvc
