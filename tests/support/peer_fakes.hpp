#pragma once

#include "actors/store/cpu_store.hpp"
#include "messages/errors.hpp"
#include "messages/peer.hpp"
#include "messages/worker.hpp"
#include "tests/support/deterministic_system.hpp"

#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kvc::test {

/// Returns what a lender would answer to who asks for `names`.
chunk_lease lend(cpu_store& source, const std::vector<std::uint64_t>& names);

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

peer_actor spawn_peer(deterministic_system& system, peer_script* script);

/// How a worker takes the one command that a lender gives.
struct clearing_worker {
  command_result result;
  caf::error refusal;
  std::vector<run_command> orders;
};

worker_actor spawn_clearing_worker(deterministic_system& system,
                                   clearing_worker* worker);

/// Whom a dialer reaches, by host.
struct peer_network {
  std::map<std::string, peer_actor> links{};
  bool is_silent = false;
  std::vector<std::string> dials{};  ///< "host:port".
  std::vector<caf::typed_response_promise<peer_actor>> held{};
};

peer_dialer_actor spawn_peer_dialer(deterministic_system& system,
                                    peer_network* network);

}  // namespace kvc::test
