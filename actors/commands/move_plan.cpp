#include "actors/commands/move_plan.hpp"

#include "actors/commands/command_work.hpp"
#include "actors/commands/local_copy.hpp"
#include "actors/peers/surrender.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace kvc {

namespace {

constexpr std::chrono::milliseconds part_patience{10'000};

constexpr std::uint32_t chunks_per_part = 64;

/// So many large chunks come within their time even if a disk is slow.
constexpr std::uint32_t chunks_per_disk_part = 16;

constexpr std::size_t chunks_per_surrender = key_block::max_keys / 2;

/// So many files are removed within a lender's time.
constexpr std::size_t files_per_surrender = 1'024;

std::uint32_t part_size_of(const run_command& order) {
  const auto is_local = order.source.id.instance.empty();
  const auto is_in_memory =
    order.what.where == location::cpu && order.what.to == location::cpu;
  return is_local || is_in_memory ? chunks_per_part : chunks_per_disk_part;
}

caf::error objection(const run_command& order, const rank& here) {
  const auto from = order.what.where;
  const auto to = order.what.to;
  if (here.at(to) == nullptr)
    return caf::make_error(errc::unknown_location, to_string(to));
  if (!order.source.id.instance.empty())
    return here.transport != nullptr
             ? caf::none
             : caf::make_error(errc::p2p_disabled, to_string(order.id));
  if (here.at(from) == nullptr)
    return caf::make_error(errc::unknown_location, to_string(from));
  if (from == to)
    return caf::make_error(errc::invalid_request, "to where it is");
  return caf::none;
}

std::vector<std::uint64_t> failed_of(const fetch_report& report) {
  std::vector<std::uint64_t> result;
  for (const auto& x : report.chunks)
    if (x.outcome == chunk_outcome::failed)
      result.push_back(x.hash);
  return result;
}

/// Returns whether a source that says so has not begun to drop anything.
bool is_refusal(const caf::error& why) {
  constexpr std::array refusals{errc::invalid_request, errc::unknown_worker,
                                errc::stale_epoch,     errc::not_ready,
                                errc::too_busy,        errc::unknown_location,
                                errc::too_late};
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](errc each) { return why == each; });
}

}  // namespace

caf::expected<command_plan_ptr> move_plan::make(const run_command& order,
                                                const rank& here,
                                                time_point now) {
  if (auto error = objection(order, here))
    return error;
  return command_plan_ptr{new move_plan{order, here, now}};
}

move_plan::move_plan(const run_command& order, const rank& here, time_point now)
    : order_(order),
      here_(&here),
      begun_at_(now),
      parts_(order.what, part_size_of(order)),
      tally_(order.what.hashes.keys.size()) {}

/// A prompt loses its tail first.
move_plan::~move_plan() {
  while (!holds_.empty())
    holds_.pop_back();
}

command_step move_plan::next(time_point now) {
  if (failure_)
    return command_answer{failure_};
  if (phase_ == phase::arriving) {
    if (is_local() && !arrivals_)
      arrivals_ = std::make_shared<arrivals>(
        arrivals_of(order_.what, *here_->at(order_.what.where)));
    if (arrivals_ && !arrivals_->are_over() && !is_cancelled())
      return bring_one();
    phase_ = phase::copying;
  }
  if (phase_ == phase::copying) {
    if (!is_cancelled())
      if (const auto part = parts_.next())
        return is_local() ? copy_here(*part) : fetch(*part);
    phase_ = phase::flushing;
    return flush_step{"copied, but the index was not told", [this] {
                        phase_ = order_.what.is_copy || is_cancelled()
                                   ? phase::over
                                   : phase::surrendering;
                      }};
  }
  return phase_ == phase::surrendering ? surrender(now) : answer(now);
}

command_step move_plan::bring_one() {
  return pool_step{[arrivals = arrivals_] { arrivals->bring_one(); },
                   [this](const caf::error& failure) { failure_ = failure; }};
}

command_step move_plan::fetch(const move_part& part) {
  return fetch_step{{.source = order_.source,
                     .from = order_.what.where,
                     .to = order_.what.to,
                     .hashes = part.hashes,
                     .cursor = part.cursor,
                     .max_chunks = part.max_chunks,
                     .patience = part_patience},
                    [this, part](const caf::expected<fetch_report>& report) {
                      note_part(part, report);
                    }};
}

command_step move_plan::copy_here(const move_part& part) {
  const auto report = std::make_shared<fetch_report>();
  const auto work = [report, part, here = here_, what = order_.what] {
    auto hashes = part.hashes;
    if (what.is_for_all) {
      const auto& from = *here->at(what.where);
      auto found = from.scan(part.cursor, part.max_chunks);
      hashes = std::move(found.hashes);
      report->next_cursor = found.next_cursor;
      report->total_chunks = from.usage().chunks;
    }
    auto copied = local_copy{*here->cpu, *here->disk, what.to}.copy(hashes);
    report->chunks = std::move(copied.chunks);
    report->holds = std::move(copied.holds);
  };
  return pool_step{work, [this, part, report](const caf::error& failure) {
                     note_part(part, failure
                                       ? caf::expected<fetch_report>{failure}
                                       : std::move(*report));
                   }};
}

void move_plan::note_part(const move_part& part,
                          const caf::expected<fetch_report>& report) {
  if (report)
    return note_chunks(part, *report);
  if (!is_cancelled() && !parts_.take_back(part))
    failure_ = report.error();
}

void move_plan::note_chunks(const move_part& part, const fetch_report& report) {
  auto chunks = report.chunks;
  const auto failed = failed_of(report);
  if (!failed.empty() && !report.trouble.empty() && !is_cancelled())
    last_trouble_ = report.trouble;
  // A damaged file is gone when it has been found, but no success.
  if (part.is_retry && order_.what.where == location::disk)
    for (auto& x : chunks)
      if (x.outcome == chunk_outcome::absent)
        x.outcome = chunk_outcome::failed;
  const auto is_retried = !is_local() && parts_.retry(part, failed);
  if (is_retried || is_cancelled())  // Not tried to the end, so not failed.
    std::erase_if(chunks, [](const fetched_chunk& x) {
      return x.outcome == chunk_outcome::failed;
    });
  const auto is_misfit = [](const fetched_chunk& x) {
    return x.outcome == chunk_outcome::unsuitable;
  };
  if (std::any_of(chunks.begin(), chunks.end(), is_misfit))
    misfit_ = report.trouble;
  tally_.note(chunks);
  if (order_.what.is_for_all)
    tally_.expect(report.total_chunks);
  keep(part, report.holds);
  parts_.note_cursor(part, report.next_cursor);
  const auto is_failure = !is_cancelled() && !failed.empty() &&
                          report.is_peer_failing && report.copied_bytes == 0;
  if (parts_.note_end(is_failure))
    has_news_ = true;
  else
    failure_ = caf::make_error(errc::connection_lost, report.trouble);
}

/// Keeps what has come until the move ends; what had failed before it as long
/// as the rest of its part, of which it may be the beginning.
void move_plan::keep(const move_part& part, std::shared_ptr<const void> holds) {
  auto at = holds_.end();
  if (part.is_retry && !holds_.empty())
    --at;
  holds_.insert(at, std::move(holds));
}

/// Has the source drop the next chunks that are here by what it was told.
command_step move_plan::surrender(time_point now) {
  auto part = tally_.to_surrender(order_.what.where == location::disk
                                    ? files_per_surrender
                                    : chunks_per_surrender);
  if (part.empty()) {
    phase_ = phase::over;
    return answer(now);
  }
  const auto& source = order_.source;
  if (!is_local() && !is_dialled_)
    return dial_step{{source.host, source.port},
                     [this](const caf::error& failure) {
                       is_dialled_ = true;
                       if (failure)
                         fail_at_source(failure);
                     }};
  tally_.note_asked(part.size());
  if (!is_local())
    return surrender_step{
      {source.id,
       source.epoch,
       {std::move(part)},
       order_.what.where,
       order_.terms.controller_id,
       order_.terms.not_after},
      [this](const caf::expected<surrender_report>& report) {
        note_surrender(report);
      }};
  auto clear = order_to_drop(order_.id, order_.what.where, {std::move(part)});
  clear.event_id = order_.event_id + "/source";
  clear.terms = order_.terms;
  return inner_step{std::move(clear),
                    [this](const caf::expected<command_result>& result) {
                      if (result)
                        note_surrender(report_of(result->tally));
                      else
                        note_surrender(result.error());
                    }};
}

void move_plan::note_surrender(const caf::expected<surrender_report>& report) {
  if (report)
    tally_.note(*report);
  else
    fail_at_source(report.error());
}

void move_plan::fail_at_source(const caf::error& why) {
  if (is_refusal(why))
    tally_.note_refused();
  failure_ = caf::make_error(
    errc::connection_lost,
    "copied, but " + tally_.source_text() + ": " + describe(why));
}

/// What could not be copied is no success, whatever else was done.
command_step move_plan::answer(time_point now) {
  const auto done = tally(now);
  const auto failed = done.of(chunk_outcome::failed);
  if (failed > 0)
    return command_answer{caf::make_error(
      errc::io_failed,
      std::to_string(failed) + " chunks not copied: " + last_trouble_)};
  return command_answer{command_result{0, misfit_, is_cancelled(), done}};
}

bool move_plan::has_news(time_point) { return std::exchange(has_news_, false); }

command_tally move_plan::tally(time_point now) const {
  return tally_.now(static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::microseconds>(now - begun_at_)
      .count()));
}

std::string move_plan::remark() const { return tally_.source_text(); }

}  // namespace kvc
