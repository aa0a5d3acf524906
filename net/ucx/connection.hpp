#pragma once

#include "net/ucx/handles.hpp"
#include "net/ucx/peer_address.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

namespace kvc::ucx {

using steady = std::chrono::steady_clock;

/// What a connection is in use for. Requests under way keep it beyond the
/// connection's end.
struct usage {
  std::size_t reads = 0;              ///< Of ours, not over yet.
  std::size_t requests = 0;           ///< Of these reads, unanswered.
  std::uint64_t bytes_in_flight = 0;  ///< That they are to bring.
  std::size_t answers = 0;            ///< Of ours, being sent.
  bool was_asked = false;             ///< Whether we ever sent a request.
  bool was_heard = false;             ///< Whether an answer ever came.
};

/// An endpoint to a peer and, if it is on this host, its memory. For the
/// thread that drives the worker.
class connection {
 public:
  /// Begins to connect; maps the memory if `may_map` and possible. Returns
  /// nothing if UCX refuses.
  static std::unique_ptr<connection> open(ucp_worker_h worker,
                                          const peer_address& peer,
                                          bool may_map);

  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();  ///< Cuts it: what is under way fails, later.

  ucp_ep_h endpoint() const { return endpoint_; }

  /// The peer's memory if it is mapped, else null.
  const std::byte* mapped() const { return mapped_; }

  std::uint64_t memory_bytes() const { return memory_bytes_; }

  /// Set by UCX or whoever finds the peer at fault. Then it is to be cut.
  bool has_failed = false;

  /// Grows with each connection that a table makes.
  std::uint64_t session = 0;

  /// The session of the peer's that this one answers; 0 if none.
  std::uint64_t answered_session = 0;

  steady::time_point last_used = steady::now();
  const std::shared_ptr<ucx::usage> usage = std::make_shared<ucx::usage>();

 private:
  connection() = default;

  ucp_ep_h endpoint_ = nullptr;
  remote_key_handle remote_key_;
  const std::byte* mapped_ = nullptr;
  std::uint64_t memory_bytes_ = 0;
};

}  // namespace kvc::ucx
