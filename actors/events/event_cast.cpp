#include "actors/events/event_cast.hpp"

#include "messages/errors.hpp"

#include <algorithm>
#include <iterator>

namespace kvc {

namespace {

using records = std::vector<worker_record>;

records workers_of(const records& fleet, const std::string& instance) {
  records result;
  std::copy_if(
    fleet.begin(), fleet.end(), std::back_inserter(result),
    [&](const worker_record& x) { return x.profile.id.instance == instance; });
  return result;
}

bool has(const worker_record& worker, location where) {
  return std::any_of(worker.usage.begin(), worker.usage.end(),
                     [where](const auto& x) { return x.where == where; });
}

/// Returns what is wrong with the instance for events in a location, if
/// anything.
caf::error missing(const records& workers, const std::string& instance,
                   location where) {
  if (workers.empty())
    return caf::make_error(errc::unknown_instance, instance);
  for (const auto& worker : workers)
    if (!has(worker, where))
      return caf::make_error(
        errc::unknown_location,
        to_string(where) + " of " + to_string(worker.profile.id));
  return caf::none;
}

/// Returns what forbids to move chunks between instances, if anything.
caf::error difference(const worker_profile& from, const worker_profile& to) {
  const auto name = [](const worker_profile& x) { return x.id.instance; };
  if (from.rank_count != to.rank_count)
    return caf::make_error(
      errc::shapes_differ,
      name(from) + " has " + std::to_string(from.rank_count) + " ranks, " +
        name(to) + " has " + std::to_string(to.rank_count));
  if (from.model != to.model)
    return caf::make_error(errc::shapes_differ,
                           name(from) + " serves model '" + from.model + "', " +
                             name(to) + " '" + to.model + "'");
  return caf::none;
}

caf::error without_transport(const records& workers) {
  for (const auto& worker : workers)
    if (worker.profile.transfer_address.empty())
      return caf::make_error(errc::p2p_disabled, to_string(worker.profile.id) +
                                                   " runs without enable_p2p");
  return caf::none;
}

caf::expected<event_cast> cast_of_move(const records& fleet,
                                       const start_event& msg) {
  const auto sources = workers_of(fleet, msg.instance);
  event_cast result{workers_of(fleet, msg.destination), {}};
  if (auto error = missing(sources, msg.instance, msg.what.where))
    return error;
  if (auto error = missing(result.workers, msg.destination, msg.what.to))
    return error;
  if (msg.instance == msg.destination) {
    if (msg.what.where == msg.what.to)
      return caf::make_error(errc::invalid_request,
                             "old_position and new_position are the same");
    return result;
  }
  if (auto error =
        difference(sources.front().profile, result.workers.front().profile))
    return error;
  if (auto error = without_transport(sources))
    return error;
  if (auto error = without_transport(result.workers))
    return error;
  for (const auto& worker : sources)
    result.sources.emplace(worker.profile.id.rank, address_of(worker));
  for (const auto& worker : result.workers)
    if (!result.sources.contains(worker.profile.id.rank))
      return caf::make_error(
        errc::not_ready,
        to_string(worker_id{msg.instance, worker.profile.id.rank}) +
          " is not registered");
  return result;
}

}  // namespace

caf::expected<event_cast> choose_cast(const std::vector<worker_record>& fleet,
                                      const start_event& msg) {
  const auto about = traits_of(msg.what.verb).about;
  if (about == subject::positions)
    return cast_of_move(fleet, msg);
  event_cast result{workers_of(fleet, msg.instance), {}};
  if (result.workers.empty())
    return caf::make_error(errc::unknown_instance, msg.instance);
  if (about == subject::chunks)
    if (auto error = missing(result.workers, msg.instance, msg.what.where))
      return error;
  return result;
}

}  // namespace kvc
