#pragma once

#include "net/link/basp.hpp"
#include "net/link/handshake.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

namespace kvc {

class link_table;

/// The right to make the one link with a process. It ends with this object,
/// unless the link exists by then.
class link_place {
 public:
  link_place(std::shared_ptr<link_table> table, const process_id& peer,
             std::uint64_t number);
  ~link_place();

  link_place(const link_place&) = delete;
  link_place& operator=(const link_place&) = delete;

  /// Call it before the socket of our own dial goes to CAF. Returns false if
  /// the peer's dial has taken the place meanwhile.
  bool confirm();

  /// Gives the place to `link`. Call it before CAF gets the link's socket.
  void fill(std::shared_ptr<adopted_socket> link);

 private:
  std::shared_ptr<link_table> table_;
  process_id peer_;
  std::uint64_t number_;
};

/// Whether a peer's dial may become a link.
enum class admission {
  granted,    ///< Yes.
  later,      ///< Not yet, an older link is being closed: ask again.
  duplicate,  ///< No, our own dial has precedence.
};

struct admission_result {
  admission answer;
  std::unique_ptr<link_place> place;  ///< Null unless granted.
};

/// Sees to it that CAF never has two connections with one process: CAF would
/// ignore the second one, or lose both. When two processes dial each other, the
/// dial of the one with the lower id has precedence. Both must ask the table
/// before their last message of the handshake: the client before its proof, the
/// server before its verdict. Make a table with std::make_shared. Thread-safe.
class link_table : public std::enable_shared_from_this<link_table> {
 public:
  explicit link_table(const process_id& self) : self_(self) {}

  /// Returns the id of our own process.
  const process_id& self() const { return self_; }

  /// Asks for a place for our dial to `peer`. Returns null if the link exists
  /// or is being made, or if the peer is our own process.
  std::unique_ptr<link_place> claim(const process_id& peer);

  /// Returns the number of the latest event, for admit().
  std::uint64_t now() const;

  /// Decides on the dial of an authenticated `peer` whose hello we answered
  /// when now() was `since`. A peer that dials has no link with us any more, so
  /// the link that we still believe in is cut. But if our own dial made that
  /// link after `since`, the peer did not know it yet: then its dial is a
  /// duplicate.
  admission_result admit(const process_id& peer, std::uint64_t since);

  /// Returns the last link with `peer`, or null.
  std::shared_ptr<adopted_socket> link_of(const process_id& peer) const;

  /// Returns whether the link with `peer` exists or is being made.
  bool is_taken(const process_id& peer) const;

  /// Cuts all links.
  void cut_all();

 private:
  friend class link_place;

  struct slot_state {
    std::uint64_t dial = 0;        ///< The place of our dial; 0 if none.
    bool is_confirmed = false;     ///< Our dial is about to become the link.
    std::uint64_t peers_dial = 0;  ///< The place of the peer's dial; 0 if none.
    std::shared_ptr<adopted_socket> link;
    std::uint64_t dialled_at = 0;  ///< The event of our dial's link, else 0.

    bool is_linked() const { return link && link->is_open(); }
    bool is_taken() const {
      return dial != 0 || peers_dial != 0 || is_linked();
    }
  };

  bool confirm(const process_id& peer, std::uint64_t number);
  void fill(const process_id& peer, std::uint64_t number,
            std::shared_ptr<adopted_socket> link);
  void release(const process_id& peer, std::uint64_t number);
  slot_state& slot_of(const process_id& peer);

  process_id self_;
  mutable std::mutex mutex_;
  std::map<process_id, slot_state> slots_;
  std::size_t sweep_at_ = 64;
  std::uint64_t last_number_ = 0;
};

}  // namespace kvc
