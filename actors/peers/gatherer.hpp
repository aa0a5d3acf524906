#pragma once

#include "actors/peers/fetch_plan.hpp"
#include "actors/peers/peer_source.hpp"
#include "actors/peers/transfer.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvc {

/// What a gatherer works with. All of it outlives its actor.
struct gather_services {
  worker_id id{};
  std::string model{};
  std::string host{};  ///< Where this worker runs, as its peers know it.
  std::function<lookup_actor()> lookups;  ///< Null while there is no link.
  transfer_services transfers{};
};

struct gather_options {
  /// How long a fetch may take. Positive.
  std::chrono::milliseconds patience{2'000};

  /// How long a peer that failed is not asked again.
  std::chrono::milliseconds avoidance{5'000};
};

/// Asks for the chunks of peers.
struct gather_chunks {
  std::vector<std::uint64_t> hashes{};
};

/// A gatherer's time for a question is over.
struct gather_late {
  std::uint64_t question = 0;
};

using gatherer_actor =
  caf::typed_actor<caf::replies_to<gather_chunks>::with<peer_source::result>,
                   caf::reacts_to<gather_late>>;

/// What a gatherer remembers between messages.
struct gatherer_state {
  static inline const char* name = "gatherer";

  gatherer_state() = default;

  using held = std::vector<std::shared_ptr<const void>>;

  /// One who waits.
  struct question {
    std::vector<std::uint64_t> hashes;
    caf::typed_response_promise<peer_source::result> answer;
    std::shared_ptr<held> holds = std::make_shared<held>();
    caf::actor_clock::time_point deadline{};
    std::uint32_t rounds = 0;        ///< Begun for it.
    std::set<worker_id> stumbled{};  ///< Peers that failed after some bytes.
  };

  /// Chunks that are being fetched, for the first who asked.
  struct round {
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint64_t> questions;  ///< That wait for it.
    std::size_t pending = 0;               ///< Transfers.
    held holds;
  };

  std::map<std::uint64_t, question> questions;
  std::map<std::uint64_t, round> rounds;
  std::unordered_map<std::uint64_t, std::uint64_t> in_flight;  ///< By hash.
  std::map<worker_id, std::size_t> load;  ///< Chunks asked for, by peer.
  std::map<worker_id, caf::actor_clock::time_point> avoided;  ///< Until when.
  std::uint64_t last_number = 0;
};

/// Brings chunks of peers here on request: asks the controller who has them,
/// then fetches from several peers at once. What two ask for at once is fetched
/// once.
gatherer_actor::behavior_type gatherer(
  gatherer_actor::stateful_pointer<gatherer_state> self,
  const gather_services& services, const gather_options& options);

/// Waits for a gatherer, for any thread.
class gathering_peers final : public peer_source {
 public:
  gathering_peers(caf::actor_system& system, gatherer_actor gatherer,
                  std::chrono::milliseconds patience)
      : system_(&system), gatherer_(std::move(gatherer)), patience_(patience) {}

  result fetch(std::span<const std::uint64_t> hashes) override;

 private:
  caf::actor_system* system_;
  gatherer_actor gatherer_;
  std::chrono::milliseconds patience_;
};

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::gather_chunks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::gather_late)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::peer_source::result)
