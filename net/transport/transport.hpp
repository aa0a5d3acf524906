#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// A piece of a peer's memory to be copied to ours. Offsets are in bytes, from
/// the beginnings of the two memories.
struct remote_span {
  std::uint64_t remote_offset = 0;
  std::uint64_t local_offset = 0;
  std::uint64_t length = 0;  ///< Positive.

  /// The checksum_of that the bytes must have; nothing if they are not
  /// verified.
  std::optional<std::uint64_t> checksum{};
};

/// What became of one remote_span.
enum class span_outcome : std::uint8_t {
  missing,  ///< Not copied completely: the bytes here are undefined.
  copied,   ///< Copied, and verified if there was a checksum.
  corrupt,  ///< Copied, but the checksum differs.
};

/// How a read ended.
enum class read_status : std::uint8_t {
  done,           ///< Every span was copied or found corrupt.
  bad_address,    ///< The peer's address is damaged or of another version.
  out_of_bounds,  ///< A span exceeds one of the memories; nothing was copied.
  unreachable,    ///< The peer cannot be reached, or was lost on the way.
  timed_out,      ///< The soft deadline passed.
  cancelled,      ///< Ended by cancel() or stop().
  too_busy,       ///< Too many reads wait already; nothing was copied.
};

/// Returns the enumerator's own name.
std::string to_string(read_status status);

struct read_result {
  read_status status = read_status::done;
  std::vector<span_outcome> spans{};  ///< One for each span of the request.
  std::uint64_t bytes = 0;            ///< In the spans that were copied.
};

/// Asks for pieces of a peer's memory.
struct read_request {
  /// The transport::address() of the peer.
  std::shared_ptr<const std::string> peer;
  std::vector<remote_span> spans;

  /// After this time the caller is told `timed_out`, whatever the peer does.
  std::chrono::milliseconds soft_timeout{2'000};

  /// After this time a peer that still owes bytes counts as dead: its
  /// connection is closed, and all reads from it fail. Not less than the soft
  /// one.
  std::chrono::milliseconds hard_timeout{10'000};

  /// Called once, at the soft deadline at the latest.
  std::function<void(read_result)> on_done;

  /// Called once, after on_done, when this read will not write to our memory
  /// any more. Until then the local spans must stay reserved.
  std::function<void()> on_drained;
};

/// Owns a memory, and copies pieces of peers' memories to it. Peers may read
/// any part of it at any time.
///
/// Thread-safe. The callbacks run on a thread of the transport and must return
/// at once: they post a message or count something.
class transport {
 public:
  using read_id = std::uint64_t;

  virtual ~transport() = default;  ///< Stops.

  /// Returns the memory that peers read, and that our reads write to. Valid as
  /// long as the transport. A page may take memory only when it is first
  /// touched.
  virtual std::span<std::byte> memory() const = 0;

  /// Returns what peers need in order to read from here: a few hundred opaque
  /// bytes at most. No two transports ever have the same address.
  virtual const std::string& address() const = 0;

  /// Returns the port that peers connect to; 0 if there is none.
  virtual std::uint16_t port() const = 0;

  /// Starts a read. on_done and on_drained are called in any case.
  virtual read_id read(read_request request) = 0;

  /// Ends a read early: calls on_done with `cancelled`, unless it was called
  /// already. Ignores reads that are over.
  virtual void cancel(read_id id) = 0;

  /// Ends all reads, tells their callers, and disconnects from the peers. Later
  /// reads are cancelled at once. The memory stays valid. Takes two seconds at
  /// most.
  virtual void stop() = 0;
};

}  // namespace kvc
