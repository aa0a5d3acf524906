#pragma once

#include "actors/worker/transfer.hpp"
#include "messages/errors.hpp"
#include "messages/worker.hpp"
#include "net/transport/checksum.hpp"
#include "tests/support/deterministic_system.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace kvc::test {

/// A question's answer, when it has come.
template <class Reply>
struct answer_box {
  std::optional<Reply> value;
  caf::error error;

  bool is_empty() const { return !value && !error; }
};

/// Asks `target` without waiting; fills the box that it returns.
template <class Reply, class Handle, class Request>
std::shared_ptr<answer_box<Reply>> ask_later(deterministic_system& system,
                                             const Handle& target,
                                             Request request) {
  auto box = std::make_shared<answer_box<Reply>>();
  system.spawn([=](caf::event_based_actor* self) {
    self->request(target, caf::infinite, request)
      .then([box](Reply& x) { box->value = std::move(x); },
            [box](caf::error& x) { box->error = std::move(x); });
  });
  return box;
}

/// Returns what a lender would answer to who asks for `names`.
inline chunk_lease lend(cpu_store& source,
                        const std::vector<std::uint64_t>& names) {
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
                             static_cast<std::uint8_t>(x.form)});
  }
  if (result.chunks.empty())
    result.lease_id = 0;
  return result;
}

/// What a peer heard, and what it says.
struct peer_script {
  cpu_store* source = nullptr;
  bool is_silent = false;                      ///< To what asks for a lease.
  caf::error refusal{};                        ///< Of leases, if set.
  std::size_t refusals = SIZE_MAX;             ///< So many of them.
  std::function<void(chunk_lease&)> change{};  ///< Of what it answers.
  surrender_report surrendered{};
  caf::error keeps{};  ///< Answer to surrender_chunks, if set.
  std::optional<std::chrono::milliseconds> renewed_for{};  ///< Else as asked.

  std::vector<lease_chunks> leases{};
  std::vector<renew_chunk_lease> renewals{};
  std::vector<end_chunk_lease> ends{};
  std::vector<surrender_chunks> surrenders{};
  bool is_silent_at_surrenders = false;
  std::vector<caf::typed_response_promise<chunk_lease>> held{};
  std::vector<caf::typed_response_promise<surrender_report>> held_surrenders{};

  void forget() {
    held.clear();
    held_surrenders.clear();
  }
};

inline caf::result<chunk_lease> lend_scripted(peer_actor::pointer self,
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

inline peer_actor::behavior_type scripted_peer(peer_actor::pointer self,
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

/// How a worker takes the one command that a lender gives.
struct clearing_worker {
  command_result result;
  caf::error refusal;
  std::vector<run_command> orders;
};

inline worker_actor::behavior_type clearing_worker_actor(
  worker_actor::pointer, clearing_worker* worker) {
  return {[=](const run_command& order) -> caf::result<command_result> {
            worker->orders.push_back(order);
            if (worker->refusal)
              return worker->refusal;
            return worker->result;
          },
          [](const cancel_command&) {}};
}

/// Whom a dialer reaches, by host.
struct peer_network {
  std::map<std::string, peer_actor> links{};
  bool is_silent = false;
  std::vector<std::string> dials{};  ///< "host:port".
  std::vector<caf::typed_response_promise<peer_actor>> held{};
};

inline peer_dialer_actor::behavior_type peer_dialer(
  peer_dialer_actor::pointer self, peer_network* network) {
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

}  // namespace kvc::test
