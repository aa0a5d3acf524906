#include "actors/reporting/report_stream.hpp"

#include "messages/registry.hpp"

#include <algorithm>

namespace kvc {

namespace {

constexpr std::size_t scan_places =
  4096;  ///< The stores are locked for as many.

}  // namespace

void report_stream::start(std::uint64_t epoch, report_window window) {
  epoch_ = epoch;
  window_ = window;
  last_sequence_ = 0;
  unanswered_.clear();
  begin_sync();
}

std::vector<caf::message> report_stream::resume(
  std::uint64_t applied_sequence) {
  std::vector<caf::message> result;
  while (!unanswered_.empty() &&
         unanswered_.front().sequence <= applied_sequence)
    unanswered_.pop_front();
  for (const auto& report : unanswered_)
    result.push_back(report.content);
  const auto next_kept =
    unanswered_.empty() ? last_sequence_ + 1 : unanswered_.front().sequence;
  if (applied_sequence + 1 != next_kept) {
    last_sequence_ = std::max(last_sequence_, applied_sequence);
    begin_sync();
  }
  return result;
}

/// Everything is to be reported anew, as of some moment from now on.
void report_stream::begin_sync() {
  hub_.begin_scan(shard_);
  for (auto& x : marks_)
    x = {.is_behind_sync = true};
  is_syncing_ = true;
  has_begun_sync_ = false;
  cursor_ = 0;
  scanned_.clear();
  locations_.clear();
  for (const auto& usage : source_.usage())
    locations_.push_back(usage.where);
  is_location_done_ = locations_.empty();
}

std::optional<caf::message> report_stream::next() {
  if (unanswered_.size() >= window_.max_reports)
    return std::nullopt;
  if (hub_.has_overflowed(shard_))
    begin_sync();
  chunk_report report;
  if (is_syncing_)
    scan(report);
  else if (!hub_.take(shard_, window_.max_report_keys, report))
    return std::nullopt;
  return keep(std::move(report));
}

/// Fills `report` with what the stores hold, as far as one report goes.
void report_stream::scan(chunk_report& report) {
  const auto layout = hub_.shards();
  const auto max_keys = window_.max_report_keys;
  while (!is_location_done_ && scanned_.size() < max_keys) {
    auto step = source_.scan(locations_.back(), cursor_, scan_places);
    for (const auto hash : step.hashes) {
      if (shard_of(hash, layout.key_multiplier, layout.shard_count) == shard_)
        scanned_.push_back(hash);
    }
    cursor_ = step.next_cursor;
    is_location_done_ = cursor_ == 0;
  }
  const auto count = std::min<std::size_t>(scanned_.size(), max_keys);
  if (count > 0) {
    report.runs.push_back(
      {locations_.back(), true, static_cast<std::uint32_t>(count)});
    const auto from = scanned_.end() - static_cast<std::ptrdiff_t>(count);
    report.keys.keys.assign(from, scanned_.end());
    scanned_.erase(from, scanned_.end());
  }
  if (is_location_done_ && scanned_.empty() && !locations_.empty()) {
    locations_.pop_back();
    is_location_done_ = locations_.empty();
  }
  report.begins_sync = !has_begun_sync_;
  report.ends_sync = locations_.empty();
  if (report.begins_sync)
    sync_sequence_ = last_sequence_ + 1;
  has_begun_sync_ = true;
  if (report.ends_sync) {
    is_syncing_ = false;
    hub_.end_scan(shard_);
  }
}

/// Numbers a report and keeps it until it is answered.
caf::message report_stream::keep(chunk_report report) {
  report.epoch = epoch_;
  report.sequence = ++last_sequence_;
  move_marks(report);
  unanswered_.push_back(
    {report.sequence, caf::make_message(std::move(report))});
  return unanswered_.back().content;
}

report_stream::mark report_stream::mark_here() const {
  if (is_syncing_ || hub_.has_overflowed(shard_))
    return {.is_behind_sync = true};
  const auto reorderings = hub_.reorderings(shard_);  // First: see move_marks.
  return {.reorderings = reorderings,
          .changes_before = hub_.backlog(shard_),
          .sequence = last_sequence_};
}

/// Moves the marks that `report`, which is the last one, has something for.
void report_stream::move_marks(const chunk_report& report) {
  for (auto& x : marks_) {
    const auto is_recounted =
      x.changes_before > 0 && x.reorderings != hub_.reorderings(shard_);
    if (is_recounted || (report.ends_sync && x.is_behind_sync)) {
      x = mark_here();
    } else if (x.changes_before > 0) {
      x.changes_before -= std::min(x.changes_before, report.keys.keys.size());
      x.sequence = report.sequence;
    }
  }
}

std::size_t report_stream::take_passed_marks() {
  const auto has_passed = [this](const mark& x) {
    return !x.is_behind_sync && x.changes_before == 0 &&
           (unanswered_.empty() || unanswered_.front().sequence > x.sequence);
  };
  std::size_t count = 0;
  for (; !marks_.empty() && has_passed(marks_.front()); ++count)
    marks_.pop_front();
  return count;
}

report_stream::verdict report_stream::acknowledge(const report_ack& ack) {
  if (ack.epoch != epoch_)
    return verdict::go_on;
  while (!unanswered_.empty() && unanswered_.front().sequence <= ack.sequence)
    unanswered_.pop_front();
  switch (ack.status) {
    case report_status::applied:
    case report_status::out_of_memory:
      break;
    case report_status::stale_epoch:
      return verdict::epoch_is_over;
    case report_status::needs_sync:
    case report_status::invalid:
      // Those sent before the sync began say nothing about it.
      if (has_begun_sync_ && ack.sequence >= sync_sequence_)
        begin_sync();
      break;
  }
  return verdict::go_on;
}

}  // namespace kvc
