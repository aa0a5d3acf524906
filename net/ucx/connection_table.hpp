#pragma once

#include "net/transport/transport_options.hpp"
#include "net/ucx/connection.hpp"

#include <functional>
#include <map>

namespace kvc::ucx {

/// The peers that we are connected to, by incarnation: connected on first use,
/// cut when they fail or idle. For the thread that drives the worker.
class connection_table {
 public:
  connection_table(ucp_worker_h worker, const transport_options& options,
                   bool may_map);

  /// Returns the connection to the peer, made if need be; nothing if the peer
  /// was lost a moment ago, too many are connected, or UCX refuses. Valid until
  /// the next cut_failed() or cut_idle().
  connection* connect(const peer_address& peer);

  /// Returns the connection to the peer unless it failed or there is none.
  connection* find(std::uint64_t incarnation);

  /// Cuts those that failed, and tells which.
  void cut_failed(const std::function<void(std::uint64_t)>& lost);

  /// Cuts those that have not been used for long.
  void cut_idle(steady::time_point now);

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
  steady::time_point idle_at(const connection& x) const;

  ucp_worker_h worker_;
  transport_options options_;
  bool may_map_;
  std::map<std::uint64_t, std::unique_ptr<connection>> connections_;
  std::map<std::uint64_t, loss> losses_;
};

}  // namespace kvc::ucx
