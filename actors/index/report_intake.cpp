#include "actors/index/report_intake.hpp"

#include <utility>

namespace kvc {

epoch_opened report_intake::open(const open_epoch& request) {
  auto [it, is_new] = streams_.try_emplace(request.epoch);
  auto& s = it->second;
  if (is_new) {
    s.worker_slot = request.worker_slot;
    s.filling = index_.open_generation(request.worker_slot, request.epoch);
  }
  return {s.applied_sequence};
}

void report_intake::close(std::uint64_t epoch) {
  const auto it = streams_.find(epoch);
  if (it == streams_.end())
    return;
  for (const auto& generation : {it->second.complete, it->second.filling}) {
    if (generation)
      index_.close_generation(*generation);
  }
  streams_.erase(it);
}

report_ack report_intake::apply(const chunk_report& report) {
  report_ack ack{report.epoch, report.sequence, report_status::applied};
  const auto answer = [&ack](report_status status) {
    ack.status = status;
    return ack;
  };
  const auto it = streams_.find(report.epoch);
  if (it == streams_.end())
    return answer(report_status::stale_epoch);
  auto& s = it->second;
  if (report.sequence != 0 && report.sequence <= s.applied_sequence)
    return ack;
  if (!is_well_formed(report))
    return answer(report_status::invalid);
  const auto is_next =
    s.applied_sequence != 0 && report.sequence == s.applied_sequence + 1;
  if (!report.begins_sync && !is_next)
    return answer(report_status::needs_sync);
  if (report.begins_sync)
    begin_sync(s, report.epoch);
  const auto target = s.filling ? *s.filling : *s.complete;
  const auto refused = index_.apply(target, report.runs, report.keys.keys);
  if (report.ends_sync)
    end_sync(s);
  s.applied_sequence = report.sequence;
  return answer(refused == 0 ? report_status::applied
                             : report_status::out_of_memory);
}

bool report_intake::is_well_formed(const chunk_report& report) const {
  const auto total = report.keys.keys.size();
  if (report.sequence == 0 || total > max_report_keys_)
    return false;
  std::size_t counted = 0;
  for (const auto& run : report.runs) {
    if (static_cast<std::size_t>(run.where) >= location_count ||
        run.count == 0 || run.count > total - counted)
      return false;
    counted += run.count;
  }
  return counted == total;
}

/// Opens a new generation beside the complete one. If one was being filled, it
/// is closed.
void report_intake::begin_sync(stream& s, std::uint64_t epoch) {
  if (s.filling)
    index_.close_generation(*s.filling);
  s.filling = index_.open_generation(s.worker_slot, epoch);
}

/// Puts the filled generation in the place of the previous one.
void report_intake::end_sync(stream& s) {
  if (!s.filling)
    return;
  index_.complete_generation(*s.filling);
  if (s.complete)
    index_.close_generation(*s.complete);
  s.complete = std::exchange(s.filling, std::nullopt);
}

}  // namespace kvc
