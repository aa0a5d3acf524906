#pragma once

#include "actors/peers/fetch_plan.hpp"
#include "actors/peers/peer_source.hpp"
#include "actors/peers/rank.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvc {

struct gather_options {
  /// How long a question may take. Positive.
  std::chrono::milliseconds patience{2'000};

  /// For how long a peer that failed is not asked again.
  std::chrono::milliseconds avoidance{5'000};
};

/// Asks for the chunks of peers.
struct gather_chunks {
  std::vector<std::uint64_t> hashes{};
};

using gatherer_actor =
  caf::typed_actor<caf::replies_to<gather_chunks>::with<peer_source::result>>;

/// A gatherer's time for a question is over.
struct gather_late {
  std::uint64_t question = 0;
};

/// A gatherer_actor and what it tells itself.
using gatherer_impl = gatherer_actor::extend<caf::reacts_to<gather_late>>;

/// What a gatherer remembers between messages.
struct gatherer_state {
  static inline const char* name = "gatherer";

  gatherer_state() = default;

  using held = std::vector<std::shared_ptr<const void>>;

  /// A gather_chunks that waits for its answer.
  struct question {
    std::vector<std::uint64_t> hashes;
    caf::typed_response_promise<peer_source::result> answer;
    std::shared_ptr<held> holds = std::make_shared<held>();
    caf::actor_clock::time_point deadline{};
    std::uint32_t rounds = 0;        ///< Begun for this question.
    std::set<worker_id> stumbled{};  ///< Peers that failed after some bytes.
  };

  /// Chunks that are being fetched, for the question that asked first.
  struct round {
    std::vector<std::uint64_t> hashes;
    std::vector<std::uint64_t> questions;  ///< That wait for this round.
    std::size_t pending = 0;               ///< Transfers.
    held holds;
  };

  const rank* here = nullptr;
  gather_options options;
  std::map<std::uint64_t, question> questions;
  std::map<std::uint64_t, round> rounds;
  std::unordered_map<std::uint64_t, std::uint64_t> in_flight;  ///< By hash.
  std::map<worker_id, std::size_t> load;  ///< Chunks asked for, by peer.
  std::map<worker_id, caf::actor_clock::time_point> avoided;  ///< Until when.
  std::uint64_t last_number = 0;
};

/// Brings chunks of peers here on request: asks the controller who has them,
/// then fetches from several peers at once. A chunk that two questions ask for
/// at the same time is fetched once.
gatherer_impl::behavior_type gatherer(
  gatherer_impl::stateful_pointer<gatherer_state> self, const rank& here,
  const gather_options& options);

/// Asks a gatherer and waits for its answer, or until the gatherer has ended.
/// Thread-safe.
class gathering_peers final : public peer_source {
 public:
  gathering_peers(caf::actor_system& system, gatherer_actor gatherer,
                  std::chrono::milliseconds patience)
      : system_(&system), gatherer_(std::move(gatherer)), patience_(patience) {}

  result fetch(std::span<const std::uint64_t> hashes) override;

  /// From now on fetch() brings nothing. Returns when none runs any more, so
  /// that the actor system may end; end the gatherer first.
  void stop();

 private:
  caf::actor_system* system_;
  gatherer_actor gatherer_;
  std::chrono::milliseconds patience_;
  std::shared_mutex fetching_;  ///< Shared by those that run.
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::gather_chunks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::gather_late)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::peer_source::result)
