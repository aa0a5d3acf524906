#pragma once

#include "actors/peers/gatherer.hpp"
#include "actors/peers/lender.hpp"
#include "actors/worker/cache_engine.hpp"
#include "config/worker_options.hpp"
#include "net/link/peer_links.hpp"
#include "net/transport/transport_module.hpp"

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// Opens the transport of one rank; the rank's chunks are to lie in its memory.
/// Logs what is degraded. Fails with invalid_request or no_capacity.
caf::expected<std::unique_ptr<transport>> open_rank_transport(
  const worker_options& settings, std::uint32_t rank_number);

/// Returns the port that a list gives a rank; 0 if the list is shorter.
std::uint16_t port_of(const std::vector<std::uint16_t>& ports,
                      std::uint32_t rank_number);

/// Lends the chunks of a process's ranks to peers, and fetches chunks of peers
/// for the ranks.
class peer_side {
 public:
  /// Starts lending, and gives each rank its dialer. `ranks` must have a
  /// transport and outlive the result. Fails with unreachable if a port cannot
  /// be had.
  static caf::expected<std::unique_ptr<peer_side>> start(
    caf::actor_system& system, const worker_options& settings,
    const std::string& secret, std::vector<rank*> ranks);

  /// Returns where peers link to a rank, by its place in `ranks`.
  const host_and_port& bound(std::size_t rank) const { return bound_[rank]; }

  /// Takes another secret for links to come.
  void set_secret(const std::string& secret) { links_->set_secret(secret); }

  /// Has the ranks' engines, in the same order, ask peers for what they miss.
  void begin_gathering(std::span<cache_engine* const> engines);

  /// Ends all; the engines ask nobody any more, and those that wait for peers
  /// have returned.
  void stop();

 private:
  peer_side(caf::actor_system& system, const worker_options& settings,
            std::vector<rank*> ranks)
      : system_(&system), settings_(&settings), ranks_(std::move(ranks)) {}

  void keep(const caf::actor& actor, const char* what);
  caf::error open_ports(const std::string& secret, const peer_actor& gate);

  caf::actor_system* system_;
  const worker_options* settings_;
  std::vector<rank*> ranks_;
  std::span<cache_engine* const> engines_;
  std::vector<std::shared_ptr<gathering_peers>> sources_;  ///< The engines'.
  std::vector<caf::actor> actors_;                         ///< To be ended.
  std::optional<peer_links> links_;
  std::vector<host_and_port> bound_;
};

}  // namespace kvc
