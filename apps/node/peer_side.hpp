#pragma once

#include "actors/peers/gatherer.hpp"
#include "actors/peers/lender.hpp"
#include "actors/worker/cache_engine.hpp"
#include "config/worker_options.hpp"
#include "net/link/peer_links.hpp"
#include "net/transport/transport_module.hpp"

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// Opens the transport of one rank, whose memory is to hold its chunks. Logs
/// what is degraded. Fails with invalid_request or no_capacity.
caf::expected<std::unique_ptr<transport>> open_rank_transport(
  const worker_options& settings, std::uint32_t rank);

/// What a rank takes part in transfers with. All but the actors outlives its
/// peer_side.
struct peer_rank {
  worker_id id{};
  cache_engine* engine = nullptr;
  transport* copier = nullptr;
  std::uint16_t port = 0;                 ///< For peers' links; 0: any.
  std::function<std::uint64_t()> epoch;   ///< Of its registration.
  std::function<worker_actor()> worker;   ///< Null while there is none.
  std::function<lookup_actor()> lookups;  ///< Null while there is no link.
};

/// What the ranks of a process are to their peers, and their peers to them.
class peer_side {
 public:
  /// Starts lending. Fails with unreachable if a port cannot be had.
  static caf::expected<std::unique_ptr<peer_side>> start(
    caf::actor_system& system, const worker_options& settings,
    const std::string& secret, std::vector<peer_rank> ranks,
    const std::function<void(work_pool::job)>& submit);

  /// The port where peers link to a rank, in the order given.
  std::uint16_t port(std::size_t rank) const { return ports_[rank]; }

  /// For the commands of a rank.
  std::shared_ptr<const transfer_services> transfers(std::size_t rank) const {
    return transfers_[rank];
  }

  /// Has the engines ask peers for what they miss.
  void begin_gathering(const std::string& host);

  /// Ends all; the engines ask nobody any more.
  void stop();

 private:
  peer_side(caf::actor_system& system, const worker_options& settings,
            std::vector<peer_rank> ranks)
      : system_(&system), settings_(&settings), ranks_(std::move(ranks)) {}

  caf::error open_ports(const std::string& secret, const peer_actor& gate);

  caf::actor_system* system_;
  const worker_options* settings_;
  std::vector<peer_rank> ranks_;
  std::vector<caf::actor> actors_;  ///< To be ended.
  std::optional<peer_links> links_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::shared_ptr<const transfer_services>> transfers_;
};

}  // namespace kvc
