#pragma once

#include "net/ucx/handles.hpp"
#include "net/ucx/peer_address.hpp"

#include <chrono>
#include <cstddef>
#include <memory>

namespace kvc::ucx {

using steady = std::chrono::steady_clock;

/// What a connection is used for. Outlives the connection while requests or
/// answers are under way.
struct usage {
  std::size_t reads = 0;              ///< Our reads that are not over yet.
  std::size_t requests = 0;           ///< Our requests without an answer.
  std::uint64_t bytes_in_flight = 0;  ///< Bytes that these requests ask for.
  std::size_t answers = 0;            ///< Our answers that are being sent.
  bool was_asked = false;             ///< We have sent a request.
  bool was_heard = false;             ///< An answer has come.
};

/// An endpoint to a peer, and the peer's memory if it is on this host. For the
/// thread that drives UCX.
class connection {
 public:
  /// Begins to connect. Maps the peer's memory if `may_map` and it is possible.
  /// Returns null if UCX refuses.
  static std::unique_ptr<connection> open(ucp_worker_h worker,
                                          const peer_address& peer,
                                          bool may_map);

  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();  ///< Cuts it. What is under way fails some time later.

  ucp_ep_h endpoint() const { return endpoint_; }

  /// Returns the beginning of the peer's memory if it is mapped, else null.
  const std::byte* mapped() const { return mapped_; }

  std::uint64_t memory_bytes() const { return memory_bytes_; }

  /// Set when UCX reports an error or the peer is at fault. The connection is
  /// cut soon then.
  bool has_failed = false;

  /// Names this connection among all that its table ever makes; it grows.
  std::uint64_t session = 0;

  /// The peer's session whose requests are answered here; 0 if none.
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
