#pragma once

#include "net/transport/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace kvc {

/// Transports in one process that find each other by their addresses, for
/// tests: a read goes on only when the test says so, span by span, and fails as
/// the test likes. Callbacks come from whoever steps, cancels or stops, and may
/// call anything here or on the transports.
class loopback_network {
 public:
  loopback_network();
  ~loopback_network();  ///< The transports may live on.

  loopback_network(const loopback_network&) = delete;
  loopback_network& operator=(const loopback_network&) = delete;

  /// Returns a transport with a zeroed memory of `bytes`, aligned to 64.
  std::unique_ptr<transport> make_transport(std::uint64_t bytes);

  /// Lets the next read, in turn, take a step: check the request, copy one
  /// span, or end. Returns whether one could.
  bool run_one();

  /// Steps until nothing moves any more and returns how often.
  std::size_t run_all();

  /// How many reads are not drained yet.
  std::size_t pending() const;

  /// Stops the peer of this address as SIGSTOP would: reads from it wait.
  void hold(const std::string& address);

  /// Lets it go on.
  void release(const std::string& address);

  /// Ends the peer as SIGKILL would: reads from it are unreachable, now and
  /// later. The transport object stays usable otherwise.
  void lose(const std::string& address);

  /// Flips a bit of each of the next spans that are copied.
  void corrupt_next(std::size_t spans);

  /// Makes the next spans never arrive: their reads wait for a deadline.
  void drop_next(std::size_t spans);

  /// Ends the next reads that are started, when they take their first step,
  /// with this status and nothing copied.
  void fail_next(std::size_t reads, read_status status);

  /// Tells all reads that they timed out. Each still writes one span late, if
  /// one is left, before it drains.
  void pass_soft_deadlines();

  /// Counts the peers that owe bytes as dead: as lose(), for their running
  /// reads alone.
  void pass_hard_deadlines();

  class state;  ///< Internal: shared with the transports.

 private:
  std::shared_ptr<state> state_;
};

}  // namespace kvc
