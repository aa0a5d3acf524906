#pragma once

#include "net/transport/transport_options.hpp"
#include "net/ucx/connection.hpp"

#include <functional>
#include <map>
#include <optional>

namespace kvc::ucx {

/// Connections to peers, by incarnation: made on first use, cut when they fail
/// or idle. Those for our reads and those for our answers are apart, so that
/// the peer's end of either is known to live as long as ours. For the thread
/// that drives the worker.
class connection_table {
 public:
  /// Unused connections are cut after `idle_timeout`.
  connection_table(ucp_worker_h worker, transport_options options,
                   steady::duration idle_timeout, bool may_map);

  /// Returns the connection to the peer, made if need be; nothing if the peer
  /// was lost a moment ago, too many are connected, or UCX refuses. Valid until
  /// the next cut_failed() or cut_idle().
  connection* connect(const peer_address& peer);

  /// Returns the connection to the peer unless it failed or there is none.
  connection* find(std::uint64_t incarnation);

  /// Cuts the connection to the peer, if there is one.
  void cut(std::uint64_t incarnation);

  /// Cuts those that failed, and tells which.
  void cut_failed(const std::function<void(std::uint64_t)>& lost);

  /// Returns until when the peer must not be connected to again, because the
  /// last connection has only just been cut; nothing if it may.
  std::optional<steady::time_point> rests_until(std::uint64_t incarnation);

  /// Cuts those that have not been used for long.
  void cut_idle(steady::time_point now);

  /// Whether a connection has been cut so lately that UCX may not be done with
  /// it, as of cut_idle().
  bool is_resting() const { return !rests_.empty(); }

  /// When cut_idle() may have something to do.
  steady::time_point next_idle() const;

  void cut_all() { connections_.clear(); }

  /// Forgets that the peer was ever lost.
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
