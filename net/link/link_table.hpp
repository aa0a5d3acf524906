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

/// The right to make the one link with a process. Ends with this object, unless
/// a link has taken the place by then.
class link_place {
 public:
  link_place(std::shared_ptr<link_table> table, const process_id& peer,
             std::uint64_t number);
  ~link_place();

  link_place(const link_place&) = delete;
  link_place& operator=(const link_place&) = delete;

  /// Call it before the socket of our own dial goes to CAF: false if the peer's
  /// dial has taken the place meanwhile.
  bool confirm();

  /// Gives the place to `link`. Call it before CAF gets to know the link.
  void fill(std::shared_ptr<adopted_socket> link);

 private:
  std::shared_ptr<link_table> table_;
  process_id peer_;
  std::uint64_t number_;
};

/// May a peer's dial become a link?
enum class admission {
  granted,    ///< Yes.
  later,      ///< An older link is being closed: ask again.
  duplicate,  ///< No: our own dial goes first.
};

struct admission_result {
  admission answer;
  std::unique_ptr<link_place> place;  ///< Unless granted, null.
};

/// Sees to it that CAF never has two connections with one process: it would
/// ignore the second one, or lose both. The process with the lower id goes
/// first when two dial each other. Both must ask before they show their last
/// card: the client before its proof, the server before its verdict. Make it
/// with std::make_shared. Thread-safe.
class link_table : public std::enable_shared_from_this<link_table> {
 public:
  explicit link_table(const process_id& self) : self_(self) {}

  /// Returns our own id.
  const process_id& self() const { return self_; }

  /// Asks for a place for our dial to `peer`. Null if there is a link, or one
  /// is being made, or the peer is ourselves.
  std::unique_ptr<link_place> claim(const process_id& peer);

  /// Returns the current point in the order of events, for admit().
  std::uint64_t now() const;

  /// Decides on the dial of an authenticated `peer` whose hello was answered at
  /// `since`. It knows best whether the link that we may believe in is still
  /// there, so that one is cut; unless our own dial made it since then: the
  /// peer had not seen that yet.
  admission_result admit(const process_id& peer, std::uint64_t since);

  /// Returns the last link with `peer`, or null.
  std::shared_ptr<adopted_socket> link_of(const process_id& peer) const;

  /// Returns whether there is a link with `peer` or one is being made.
  bool is_taken(const process_id& peer) const;

  /// Cuts all links.
  void cut_all();

 private:
  friend class link_place;

  struct slot_state {
    std::uint64_t dial = 0;        ///< The place of our dial, or 0.
    bool is_confirmed = false;     ///< Our dial has won.
    std::uint64_t peers_dial = 0;  ///< The place of the peer's dial, or 0.
    std::shared_ptr<adopted_socket> link;
    std::uint64_t dialled_at = 0;  ///< When our dial made the link, else 0.

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
