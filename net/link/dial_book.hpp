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

/// A target that is being dialled, and who waits for it.
struct peer_dial {
  std::vector<caf::typed_response_promise<peer_actor>> waiting;
  std::uint64_t id = 0;            ///< Names the dial with all its attempts.
  std::uint64_t number = 0;        ///< Names the attempt that counts.
  int retries = 0;                 ///< Left for connections that CAF drops.
  std::optional<process_id> peer;  ///< The process there, once it is known.
  peer_door_actor door;            ///< Monitored during the introduction.
  std::shared_ptr<adopted_socket> link;  ///< The attempt's, once CAF has it.
};

/// The dials that are not answered yet. All who wait for one target share a
/// dial.
class dial_book {
 public:
  using entry = std::map<host_and_port, peer_dial>::iterator;

  /// Returns whether as many wait as may.
  bool is_full() const;

  /// Lets `promise` wait for `target`. Returns the dial, and whether it is new.
  std::pair<entry, bool> add(const host_and_port& target,
                             caf::typed_response_promise<peer_actor> promise);

  /// Gives the dial a new number. Answers to earlier attempts no longer count.
  void renumber(entry dial) { dial->second.number = ++last_number_; }

  /// Returns the dial whose attempt `number` counts, or nothing.
  std::optional<entry> find(const host_and_port& target, std::uint64_t number);

  /// Returns the dial `id`, or nothing.
  std::optional<entry> find_begun(const host_and_port& target,
                                  std::uint64_t id);

  /// Returns the dials for which `holds` is true. They stay valid while other
  /// dials are taken.
  template <class Condition>
  std::vector<entry> select(Condition holds) {
    std::vector<entry> result;
    for (auto it = dials_.begin(); it != dials_.end(); ++it)
      if (holds(it->second))
        result.push_back(it);
    return result;
  }

  /// Removes a dial, whose promises the caller must deliver.
  peer_dial take(entry dial);

 private:
  std::map<host_and_port, peer_dial> dials_;
  std::uint64_t last_number_ = 0;
  std::size_t waiting_ = 0;  ///< Promises in all dials.
};

}  // namespace kvc
