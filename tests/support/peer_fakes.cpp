#include "tests/support/peer_fakes.hpp"

#include "net/transport/checksum.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace kvc::test {

namespace {

caf::result<chunk_lease> lend_scripted(peer_actor::pointer self,
                                       peer_script& script,
                                       const lease_chunks& msg) {
  script.leases.push_back(msg);
  if (script.is_silent) {
    script.held.push_back(self->make_response_promise<chunk_lease>());
    return script.held.back();
  }
  if (script.refusal && script.refusals > 0) {
    --script.refusals;
    return script.refusal;
  }
  chunk_lease result;
  if (msg.hashes.keys.empty()) {
    const auto step = script.source->scan(msg.cursor, msg.max_chunks);
    result = lend(*script.source, step.hashes);
    result.next_cursor = step.next_cursor;
  } else {
    result = lend(*script.source, msg.hashes.keys);
  }
  if (script.change)
    script.change(result);
  return result;
}

peer_actor::behavior_type scripted_peer(peer_actor::pointer self,
                                        peer_script* script) {
  return {
    [=](const lease_chunks& msg) { return lend_scripted(self, *script, msg); },
    [=](const renew_chunk_lease& msg) {
      script->renewals.push_back(msg);
      return lease_term{script->renewed_for.value_or(msg.valid_for)};
    },
    [=](const end_chunk_lease& msg) { script->ends.push_back(msg); },
    [=](const surrender_chunks& msg) -> caf::result<surrender_report> {
      script->surrenders.push_back(msg);
      if (script->is_silent_at_surrenders) {
        script->held_surrenders.push_back(
          self->make_response_promise<surrender_report>());
        return script->held_surrenders.back();
      }
      if (script->keeps)
        return script->keeps;
      return script->surrendered;
    },
  };
}

worker_actor::behavior_type clearing_worker_actor(worker_actor::pointer,
                                                  clearing_worker* worker) {
  return {[=](const run_command& order) -> caf::result<command_result> {
            worker->orders.push_back(order);
            if (worker->refusal)
              return worker->refusal;
            return worker->result;
          },
          [](const cancel_command&) {}, [](const ask_again&) {}};
}

peer_dialer_actor::behavior_type peer_dialer(peer_dialer_actor::pointer self,
                                             peer_network* network) {
  return {[=](const dial_peer& msg) -> caf::result<peer_actor> {
    network->dials.push_back(msg.host + ":" + std::to_string(msg.port));
    if (network->is_silent) {
      network->held.push_back(self->make_response_promise<peer_actor>());
      return network->held.back();
    }
    const auto found = network->links.find(msg.host);
    if (found == network->links.end())
      return caf::make_error(errc::unreachable, msg.host);
    return found->second;
  }};
}

}  // namespace

chunk_lease lend(cpu_store& source, const std::vector<std::uint64_t>& names) {
  chunk_lease result{.lease_id = 5,
                     .valid_for = std::chrono::seconds{9},
                     .total_chunks = source.usage().chunks};
  for (const auto name : names) {
    const auto reader = source.borrow({&name, 1});
    if (reader.chunks().empty())
      continue;
    const auto& x = reader.chunks()[0];
    result.chunks.push_back({name, x.offset, x.bytes.size(), x.raw_bytes,
                             checksum_of(x.bytes), x.tokens,
                             static_cast<std::uint8_t>(x.codec)});
  }
  if (result.chunks.empty())
    result.lease_id = 0;
  return result;
}

peer_actor spawn_peer(deterministic_system& system, peer_script* script) {
  return system.spawn(scripted_peer, script);
}

worker_actor spawn_clearing_worker(deterministic_system& system,
                                   clearing_worker* worker) {
  return system.spawn(clearing_worker_actor, worker);
}

peer_dialer_actor spawn_peer_dialer(deterministic_system& system,
                                    peer_network* network) {
  return system.spawn(peer_dialer, network);
}

}  // namespace kvc::test
