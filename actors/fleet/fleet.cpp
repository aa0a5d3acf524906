#include "actors/fleet/fleet.hpp"

#include "actors/fleet/hello_rules.hpp"
#include "config/host_address.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

namespace {

constexpr std::size_t max_workers = 1U << 16U;

std::shared_ptr<const peer_address> peer_of(const worker_record& record) {
  if (record.profile.transfer_address.empty())
    return nullptr;
  return std::make_shared<const peer_address>(address_of(record));
}

}  // namespace

caf::error fleet::conflict_with_siblings(const worker_profile& profile) const {
  const auto first = workers_.lower_bound({profile.id.instance, 0});
  for (auto it = first; it != workers_.end(); ++it) {
    const auto& [id, sibling] = *it;
    if (id.instance != profile.id.instance)
      break;
    if (id == profile.id || sibling.is_lost())
      continue;
    const auto& theirs = sibling.record.profile;
    if (theirs.rank_count != profile.rank_count)
      return caf::make_error(errc::rank_count_mismatch,
                             "rank_count: " + to_string(id) + " announced " +
                               std::to_string(theirs.rank_count) +
                               ", this worker " +
                               std::to_string(profile.rank_count));
    if (theirs.model != profile.model)
      return caf::make_error(errc::invalid_request, "model: " + to_string(id) +
                                                      " has '" + theirs.model +
                                                      "', this worker '" +
                                                      profile.model + "'");
  }
  return caf::none;
}

caf::error fleet::reason_to_refuse(const register_worker& hello) const {
  if (auto error = check_hello(hello, options_.hashing, options_.canary))
    return error;
  const auto it = workers_.find(hello.profile.id);
  if (it != workers_.end() && !it->second.is_lost() &&
      hello.process < it->second.process)
    return caf::make_error(errc::superseded, "a newer process registered as " +
                                               to_string(hello.profile.id));
  if (it == workers_.end() && workers_.size() >= max_workers)
    return caf::make_error(errc::no_capacity, "too many workers");
  return conflict_with_siblings(hello.profile);
}

bool fleet::can_resume(const entry& previous,
                       const register_worker& hello) const {
  return hello.process == previous.process &&
         hello.profile.model == previous.record.profile.model &&
         hello.resume_controller == options_.controller_id &&
         hello.resume_epoch == previous.record.epoch;
}

caf::expected<fleet::joining> fleet::join(const register_worker& hello,
                                          time_point now, std::int64_t now_ms) {
  if (auto error = reason_to_refuse(hello)) {
    if (error == errc::superseded)
      workers_.at(hello.profile.id).waiting = hello.actor;
    return error;
  }
  joining result;
  const auto it = workers_.find(hello.profile.id);
  if (it != workers_.end() && can_resume(it->second, hello)) {
    const auto& record = it->second.record;
    result = {
      record.epoch, record.worker_slot, true, 0, record.actor.address(), 0};
  } else {
    result = replace(hello, now_ms);
  }
  result.attempt = ++attempts_;
  auto& joined = workers_[hello.profile.id];
  joined.attempt = result.attempt;
  joined.process = hello.process;
  joined.state = phase::joining;
  joined.expires = now + options_.lease;
  joined.record.profile = hello.profile;
  joined.record.profile.ip = host_address{hello.profile.ip}.text();
  joined.record.actor = hello.actor;
  joined.record.usage = hello.usage;
  joined.record.renewed_at_ms = now_ms;
  joined.peer = peer_of(joined.record);
  return result;
}

/// Ends the worker's previous registration, if any, and makes a new one.
fleet::joining fleet::replace(const register_worker& hello,
                              std::int64_t now_ms) {
  joining result;
  worker_actor waiting;
  const auto previous = workers_.find(hello.profile.id);
  if (previous != workers_.end()) {
    result.closed_epoch = previous->second.record.epoch;
    result.previous_actor = previous->second.record.actor.address();
    waiting = std::exchange(previous->second.waiting, {});
    forget(previous);
  }
  auto& joined = workers_[hello.profile.id];
  if (waiting != hello.actor)
    joined.waiting = std::move(waiting);
  auto& record = joined.record;
  record.epoch = options_.first_epoch + opened_epochs_++;
  record.registered_at_ms = now_ms;
  if (free_slots_.empty()) {
    record.worker_slot = worker_slots_++;
  } else {
    record.worker_slot = free_slots_.back();
    free_slots_.pop_back();
  }
  result.epoch = record.epoch;
  result.worker_slot = record.worker_slot;
  return result;
}

bool fleet::confirm(const worker_id& id, std::uint64_t attempt) {
  const auto it = workers_.find(id);
  if (it == workers_.end() || it->second.attempt != attempt ||
      it->second.state != phase::joining)
    return false;
  it->second.state = phase::live;
  return true;
}

bool fleet::is_latest(const worker_id& id, std::uint64_t attempt) const {
  const auto it = workers_.find(id);
  return it != workers_.end() && it->second.attempt == attempt;
}

caf::expected<lease> fleet::renew(const renew_lease& msg, time_point now,
                                  std::int64_t now_ms) {
  const auto it = workers_.find(msg.id);
  if (it == workers_.end())
    return caf::make_error(errc::unknown_worker, to_string(msg.id));
  auto& worker = it->second;
  if (msg.epoch != worker.record.epoch || worker.state == phase::disconnected)
    return caf::make_error(errc::stale_epoch, to_string(msg.id));
  if (!is_valid(msg.usage))
    return caf::make_error(errc::invalid_request, "usage");
  if (worker.state == phase::silent) {
    // Siblings came that differ: its next hello is told in what.
    if (conflict_with_siblings(worker.record.profile))
      return caf::make_error(errc::stale_epoch, to_string(msg.id));
    worker.state = phase::live;
  }
  worker.expires = now + options_.lease;
  worker.record.usage = msg.usage;
  worker.record.renewed_at_ms = now_ms;
  return lease{msg.epoch, options_.lease};
}

bool fleet::leave(const worker_id& id, std::uint64_t epoch) {
  const auto it = workers_.find(id);
  if (it == workers_.end() || it->second.record.epoch != epoch)
    return false;
  forget(it);
  return true;
}

fleet::entry_map::iterator fleet::forget(entry_map::iterator it) {
  invite_successor(it->second);
  free_slots_.push_back(it->second.record.worker_slot);
  return workers_.erase(it);
}

void fleet::invite_successor(entry& worker) {
  if (worker.waiting)
    invited_.push_back(std::exchange(worker.waiting, {}));
}

std::vector<worker_actor> fleet::take_invited() {
  return std::exchange(invited_, {});
}

/// Keeps the worker's epoch for a while, in case it comes back.
void fleet::mark_lost(entry& worker, phase how, time_point now) {
  worker.state = how;
  worker.expires = now + options_.revival_grace;
  invite_successor(worker);
}

std::vector<worker_id> fleet::lose(const caf::actor_addr& actor,
                                   time_point now) {
  std::vector<worker_id> lost;
  for (auto& [id, worker] : workers_) {
    if (worker.record.actor.address() != actor ||
        worker.state == phase::disconnected)
      continue;
    mark_lost(worker, phase::disconnected, now);
    lost.push_back(id);
  }
  return lost;
}

void fleet::forgive_delay(time_point now) {
  const auto since =
    last_sweep_ == time_point{} ? caf::timespan{0} : now - last_sweep_;
  last_sweep_ = now;
  if (since <= 2 * options_.sweep_interval)
    return;
  for (auto& [id, worker] : workers_) {
    const auto whole =
      worker.is_lost() ? options_.revival_grace : options_.lease;
    // What was granted after the delay needs no extension.
    worker.expires =
      std::min(worker.expires + since - options_.sweep_interval, now + whole);
  }
}

fleet::swept fleet::sweep(time_point now) {
  swept result;
  forgive_delay(now);
  for (auto it = workers_.begin(); it != workers_.end();) {
    auto& [id, worker] = *it;
    if (worker.expires > now || worker.state == phase::joining) {
      ++it;
    } else if (worker.state == phase::live) {
      mark_lost(worker, phase::silent, now);
      result.silent.push_back(id);
      ++it;
    } else {
      result.forgotten.push_back(worker.record);
      it = forget(it);
    }
  }
  return result;
}

bool fleet::is_live(const worker_id& id) const {
  const auto it = workers_.find(id);
  return it != workers_.end() && it->second.state == phase::live;
}

caf::actor_addr fleet::actor_of(const worker_id& id) const {
  const auto it = workers_.find(id);
  return it == workers_.end() ? caf::actor_addr{}
                              : it->second.record.actor.address();
}

std::vector<worker_record> fleet::records(bool includes_lost) const {
  std::vector<worker_record> result;
  for (const auto& [id, worker] : workers_) {
    if (worker.state == phase::joining || (worker.is_lost() && !includes_lost))
      continue;
    result.push_back(worker.record);
    result.back().is_lost = worker.is_lost();
  }
  return result;
}

std::shared_ptr<const fleet_view> fleet::view() const {
  auto result = std::make_shared<fleet_view>();
  result->live_epochs.resize(worker_slots_);
  result->instance_of.resize(worker_slots_);
  auto& instances = result->instances;
  for (const auto& [id, worker] : workers_) {  // An instance's ranks in a row.
    if (worker.state != phase::live)
      continue;
    const auto& profile = worker.record.profile;
    if (instances.empty() || instances.back().name != id.instance)
      instances.push_back(
        {.name = id.instance,
         .model = profile.model,
         .rank_count = profile.rank_count,
         .live_ranks = 0,
         .peers = std::vector<std::shared_ptr<const peer_address>>(
           profile.rank_count)});
    ++instances.back().live_ranks;
    instances.back().peers[id.rank] = worker.peer;
    result->live_epochs[worker.record.worker_slot] = worker.record.epoch;
    result->instance_of[worker.record.worker_slot] =
      static_cast<std::uint32_t>(instances.size() - 1);
  }
  for (const auto& instance : instances)
    result->missing_ranks += instance.rank_count - instance.live_ranks;
  return result;
}

}  // namespace kvc
