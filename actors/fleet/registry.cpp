#include "actors/fleet/registry.hpp"

#include "messages/log.hpp"
#include "messages/repeated_log.hpp"
#include "messages/unexpected.hpp"
#include "messages/wall_clock.hpp"

#include <algorithm>
#include <iterator>

namespace kvc {

namespace {

using self_pointer = registry_impl::stateful_pointer<registry_state>;

/// Shows lookups who is live now, and tells those whose place has become free.
void publish(self_pointer self) {
  auto& fleet = *self->state.fleet;
  self->state.services.board->publish(fleet.view());
  for (const auto& waiting : fleet.take_invited())
    self->send(waiting, ask_again{});
}

/// Tells all shards that an epoch has ended.
void close_at_shards(self_pointer self, std::uint64_t epoch) {
  for (const auto& shard : self->state.services.shards)
    self->send(shard, close_epoch{epoch});
}

/// Forgets a registration. Returns whether there was one.
bool forget(self_pointer self, const worker_id& id, std::uint64_t epoch) {
  auto& fleet = *self->state.fleet;
  const auto actor = fleet.actor_of(id);
  if (!fleet.leave(id, epoch))
    return false;
  self->demonitor(actor);
  close_at_shards(self, epoch);
  publish(self);
  return true;
}

/// A hello whose answer waits for the shards.
struct registration {
  worker_id id;
  std::uint64_t attempt = 0;
  welcome answer;
  caf::typed_response_promise<welcome> promise;
  std::size_t pending = 0;
  caf::error failure;
};

/// Counts one shard as answered. After the last one the worker is live, and its
/// hello is answered.
void finish_one(self_pointer self, registration& r) {
  if (--r.pending > 0)
    return;
  auto& fleet = *self->state.fleet;
  if (r.failure) {
    warn_repeated("registry: shards not ready error=" + to_string(r.failure),
                  "worker=" + to_string(r.id));
    if (fleet.is_latest(r.id, r.attempt))
      forget(self, r.id, r.answer.epoch);
    r.promise.deliver(caf::make_error(errc::not_ready, "index shards"));
    return;
  }
  if (!fleet.confirm(r.id, r.attempt)) {
    r.promise.deliver(caf::make_error(errc::not_ready, "lost meanwhile"));
    return;
  }
  publish(self);
  spdlog::info("registry: {} worker={} epoch={}",
               r.answer.is_revived ? "revived" : "added", to_string(r.id),
               r.answer.epoch);
  r.answer.clock = self->state.services.boot_clock();
  r.promise.deliver(std::move(r.answer));
}

/// Opens the epoch at every shard.
void open_at_shards(self_pointer self, const std::shared_ptr<registration>& r,
                    std::uint32_t worker_slot,
                    std::chrono::milliseconds timeout) {
  const auto& shards = self->state.services.shards;
  r->pending = shards.size();
  for (std::size_t i = 0; i < shards.size(); ++i) {
    self->request(shards[i], timeout, open_epoch{r->answer.epoch, worker_slot})
      .then(
        [self, r, i](const epoch_opened& opened) {
          r->answer.shards[i].applied_sequence = opened.applied_sequence;
          finish_one(self, *r);
        },
        [self, r](caf::error& why) {
          r->failure = std::move(why);
          finish_one(self, *r);
        });
  }
}

/// Monitors `actor`, exactly once, and no longer the `previous` one.
void monitor_instead(self_pointer self, const caf::actor_addr& previous,
                     const worker_actor& actor) {
  if (previous)
    self->demonitor(previous);
  self->demonitor(actor.address());
  self->monitor(actor);
}

caf::error refuse(self_pointer self, const worker_profile& profile,
                  caf::error why) {
  if (self->state.refusals.add(profile, why, wall_clock_ms())) {
    const auto latest = self->state.refusals.list(wall_clock_ms()).front();
    warn_repeated("registry: refused reason=" + latest.detail,
                  "worker=" + to_string(latest.id) + " ip=" + latest.ip);
  }
  return why;
}

/// Returns the refused hellos and links, newest first.
std::vector<refusal> list_refused(const registry_state& state) {
  const auto now_ms = wall_clock_ms();
  const auto hellos = state.refusals.list(now_ms);
  const auto links = state.refused_links.list(now_ms);
  std::vector<refusal> result;
  std::merge(hellos.begin(), hellos.end(), links.begin(), links.end(),
             std::back_inserter(result), [](const auto& a, const auto& b) {
               return a.last_at_ms > b.last_at_ms;
             });
  return result;
}

welcome make_welcome(self_pointer self, const registry_options& options,
                     const fleet::joining& joined) {
  welcome answer;
  answer.controller_id = options.fleet.controller_id;
  answer.epoch = joined.epoch;
  answer.is_revived = joined.is_revived;
  answer.lease = options.fleet.lease;
  answer.key_multiplier = options.key_multiplier;
  answer.max_reports = options.max_reports;
  answer.max_report_keys = options.max_report_keys;
  answer.lookups = self->state.services.lookups;
  for (const auto& shard : self->state.services.shards)
    answer.shards.push_back({shard, 0});
  return answer;
}

caf::result<welcome> join(self_pointer self, const registry_options& options,
                          const register_worker& hello) {
  auto joined =
    self->state.fleet->join(hello, self->clock().now(), wall_clock_ms());
  if (!joined)
    return refuse(self, hello.profile, std::move(joined.error()));
  monitor_instead(self, joined->previous_actor, hello.actor);
  if (joined->closed_epoch != 0) {
    spdlog::info("registry: replaced worker={} epoch={}",
                 to_string(hello.profile.id), joined->closed_epoch);
    close_at_shards(self, joined->closed_epoch);
  }
  publish(self);
  auto r = std::make_shared<registration>();
  r->id = hello.profile.id;
  r->attempt = joined->attempt;
  r->answer = make_welcome(self, options, *joined);
  r->promise = self->make_response_promise<welcome>();
  auto promise = r->promise;
  open_at_shards(self, r, joined->worker_slot, options.shard_timeout);
  return promise;
}

caf::result<lease> renew(self_pointer self, const renew_lease& msg) {
  auto& fleet = *self->state.fleet;
  const auto was_live = fleet.is_live(msg.id);
  auto renewed = fleet.renew(msg, self->clock().now(), wall_clock_ms());
  if (!renewed)
    return std::move(renewed.error());
  if (!was_live && fleet.is_live(msg.id)) {
    spdlog::info("registry: back worker={}", to_string(msg.id));
    publish(self);
  }
  renewed->clock = self->state.services.boot_clock();
  return *renewed;
}

bool leave(self_pointer self, const deregister_worker& msg) {
  if (!forget(self, msg.id, msg.epoch))
    return false;
  spdlog::info("registry: left worker={}", to_string(msg.id));
  return true;
}

void sweep(self_pointer self) {
  const auto changes = self->state.fleet->sweep(self->clock().now());
  for (const auto& id : changes.silent)
    spdlog::warn("registry: lost worker={} reason=lease expired",
                 to_string(id));
  for (const auto& record : changes.forgotten) {
    spdlog::info("registry: forgot worker={}", to_string(record.profile.id));
    self->demonitor(record.actor.address());
    close_at_shards(self, record.epoch);
  }
  if (!changes.silent.empty() || !changes.forgotten.empty())
    publish(self);
}

}  // namespace

registry_impl::behavior_type registry(self_pointer self,
                                      registry_services services,
                                      registry_options options) {
  refuse_unexpected(self);
  self->state.services = std::move(services);
  self->state.fleet.emplace(options.fleet);
  for (const auto& shard : self->state.services.shards)
    self->link_to(shard);
  self->set_down_handler([self](const caf::down_msg& down) {
    const auto lost = self->state.fleet->lose(down.source, self->clock().now());
    for (const auto& id : lost)
      spdlog::warn("registry: lost worker={} reason={}", to_string(id),
                   self->system().render(down.reason));
    if (!lost.empty())
      publish(self);
  });
  const auto interval = options.fleet.sweep_interval;
  self->delayed_send(self, interval, caf::tick_atom_v);
  return {
    [=](const register_worker& hello) { return join(self, options, hello); },
    [=](const renew_lease& msg) { return renew(self, msg); },
    [=](const deregister_worker& msg) { return leave(self, msg); },
    [=](const list_workers& msg) {
      return self->state.fleet->records(msg.includes_lost);
    },
    [=](const list_refusals&) { return list_refused(self->state); },
    [=](const refusal& link) {
      self->state.refused_links.add(link, wall_clock_ms());
    },
    [=](caf::tick_atom) {
      self->delayed_send(self, interval, caf::tick_atom_v);
      settle_repeated();
      sweep(self);
    },
  };
}

}  // namespace kvc
