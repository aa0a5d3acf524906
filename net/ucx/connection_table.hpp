#pragma once

#include "net/transport/transport_options.hpp"
#include "net/ucx/connection.hpp"

#include <functional>
#include <map>
#include <optional>

namespace kvc::ucx {

/// The connections to peers, by the peers' incarnation: made on first use, cut
/// when they fail or idle. There is one table for our reads and another for our
/// answers, so that each connection has one owner, who decides when it ends.
/// For the thread that drives UCX.
class connection_table {
 public:
  /// Unused connections are cut after `idle_timeout`.
  connection_table(ucp_worker_h worker, transport_options options,
                   steady::duration idle_timeout, bool may_map);

  /// Returns the connection to the peer, and makes it if there is none. Returns
  /// null if the peer was lost a moment ago, too many peers are connected, or
  /// UCX refuses. Valid until a connection is cut.
  connection* connect(const peer_address& peer);

  /// Returns the connection to the peer; null if there is none or it has
  /// failed.
  connection* find(std::uint64_t incarnation);

  /// Cuts the connection to the peer, if there is one.
  void cut(std::uint64_t incarnation);

  /// Cuts the connections that have failed, and calls `lost` with the
  /// incarnation of each.
  void cut_failed(const std::function<void(std::uint64_t)>& lost);

  /// Returns until when the peer must not be connected to, because the last
  /// connection was cut a moment ago; nothing if it may be.
  std::optional<steady::time_point> rests_until(std::uint64_t incarnation);

  /// Cuts the connections that have not been used for the idle timeout.
  void cut_idle(steady::time_point now);

  /// Returns whether some connection was cut so lately that UCX may still be
  /// busy closing it. Updated by cut_idle().
  bool is_resting() const { return !rests_.empty(); }

  /// Returns when cut_idle() will have something to do.
  steady::time_point next_idle() const;

  void cut_all() { connections_.clear(); }

  /// Forgets that the peer was lost before.
  void forgive(std::uint64_t incarnation) { losses_.erase(incarnation); }

 private:
  struct loss {
    steady::time_point until;
    std::chrono::milliseconds pause;
  };

  bool is_paused(std::uint64_t incarnation) const;
  void note_loss(std::uint64_t incarnation);
  bool make_room();

  ucp_worker_h worker_;
  transport_options options_;
  steady::duration idle_timeout_;
  bool may_map_;
  std::map<std::uint64_t, std::unique_ptr<connection>> connections_;
  std::map<std::uint64_t, loss> losses_;
  std::map<std::uint64_t, steady::time_point> rests_;
  std::uint64_t last_session_ = 0;
};

}  // namespace kvc::ucx
