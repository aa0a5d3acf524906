#pragma once

#include "messages/peer.hpp"
#include "net/link/basp.hpp"
#include "net/link/connector.hpp"
#include "net/link/handshake.hpp"

#include <caf/typed_response_promise.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kvc {

/// A target that somebody waits for.
struct peer_dial {
  std::vector<caf::typed_response_promise<peer_actor>> waiting;
  std::uint64_t id = 0;
  std::uint64_t number = 0;        ///< Of the attempt that counts.
  int retries = 0;                 ///< Left for connections that CAF drops.
  std::optional<process_id> peer;  ///< Who is there, once that is known.
  peer_door_actor door;            ///< Monitored during the introduction.
  std::shared_ptr<adopted_socket> link;  ///< Of the attempt.
};

/// The dials that have no answer yet: one for each target, for all that wait
/// for it.
class dial_book {
 public:
  using entry = std::map<link_target, peer_dial>::iterator;

  /// Returns whether no more may wait.
  bool is_full() const;

  /// Lets `promise` wait for `target`; true if nobody did before.
  std::pair<entry, bool> add(const link_target& target,
                             caf::typed_response_promise<peer_actor> promise);

  /// Gives the dial a new number: answers to earlier ones come too late.
  void renumber(entry dial) { dial->second.number = ++last_number_; }

  /// Returns the dial that waits for the attempt `number`, or nothing.
  std::optional<entry> find(const link_target& target, std::uint64_t number);

  /// Returns the dial that was begun as `id`, or nothing.
  std::optional<entry> find_begun(const link_target& target, std::uint64_t id);

  /// Returns the dials for which `holds`, which stay valid while others are
  /// taken.
  template <class Condition>
  std::vector<entry> select(Condition holds) {
    std::vector<entry> result;
    for (auto it = dials_.begin(); it != dials_.end(); ++it)
      if (holds(it->second))
        result.push_back(it);
    return result;
  }

  /// Removes a dial, which must be answered.
  peer_dial take(entry dial);

 private:
  std::map<link_target, peer_dial> dials_;
  std::uint64_t last_number_ = 0;
  std::size_t waiting_ = 0;  ///< In all dials.
};

}  // namespace kvc
