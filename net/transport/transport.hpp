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

/// A piece of a peer's memory that is to be copied to ours. Offsets are in
/// bytes from the beginning of either memory.
struct remote_span {
  std::uint64_t remote_offset = 0;
  std::uint64_t local_offset = 0;
  std::uint64_t length = 0;  ///< Positive.

  /// What `checksum_of` the bytes must give; nothing if they are not verified.
  std::optional<std::uint64_t> checksum{};
};

/// What became of one remote_span.
enum class span_outcome : std::uint8_t {
  missing,  ///< Not copied, or not completely: its bytes are undefined.
  copied,   ///< And verified, if there was a checksum.
  corrupt,  ///< Copied, but its checksum differs.
};

/// How a read ended.
enum class read_status : std::uint8_t {
  done,           ///< Every span was copied or found corrupt.
  bad_address,    ///< The peer's address is damaged or of another version.
  out_of_bounds,  ///< A span lies outside of its memory; nothing was copied.
  unreachable,    ///< The peer is gone, or was lost on the way.
  timed_out,      ///< The soft deadline passed.
  cancelled,      ///< By cancel() or stop().
  too_busy,       ///< More reads wait than are allowed; nothing was copied.
};

/// Returns the enumerator's own name.
std::string to_string(read_status status);

struct read_result {
  read_status status = read_status::done;
  std::vector<span_outcome> spans{};  ///< One for each of the request's.
  std::uint64_t bytes = 0;            ///< Of the spans copied.
};

/// Asks for pieces of a peer's memory.
struct read_request {
  /// The peer's transport::address().
  std::shared_ptr<const std::string> peer;
  std::vector<remote_span> spans;

  /// After it the caller is told `timed_out`, whatever the peer does.
  std::chrono::milliseconds soft_timeout{2'000};

  /// After it a peer that still owes bytes counts as dead: its connection is
  /// closed and all reads from it fail. Not below the soft one.
  std::chrono::milliseconds hard_timeout{10'000};

  /// Called from time to time with the bytes copied so far; may be empty.
  std::function<void(std::uint64_t)> on_progress{};

  /// Called once, at the soft deadline at the latest.
  std::function<void(read_result)> on_done;

  /// Called once, after on_done: nothing is written to our memory any more on
  /// behalf of this read. Until then the local spans must stay reserved.
  std::function<void()> on_drained;
};

/// Copies pieces of peers' memories to a memory of its own. The peers read
/// what they like of that memory at any time, within its bounds.
///
/// Thread-safe. The callbacks come from a thread of the transport's, which they
/// must not keep: they post a message or count something.
class transport {
 public:
  using read_id = std::uint64_t;

  virtual ~transport() = default;  ///< Stops.

  /// The memory that peers read and that reads write to; valid as long as the
  /// transport. Pages may take memory only when they are touched first.
  virtual std::span<std::byte> memory() const = 0;

  /// What peers need to read from here: opaque bytes, of at most a few hundred,
  /// which differ for every transport that ever was.
  virtual const std::string& address() const = 0;

  /// The port that peers connect to; 0 if there is none.
  virtual std::uint16_t port() const = 0;

  /// Starts a read. Its callbacks are called in any case.
  virtual read_id read(read_request request) = 0;

  /// Ends a read early: on_done with `cancelled` unless it was called already.
  /// Ignores reads that are over.
  virtual void cancel(read_id id) = 0;

  /// Ends all reads, tells their callers and releases the peers; later reads
  /// are cancelled at once. The memory stays. Takes two seconds at most.
  virtual void stop() = 0;
};

}  // namespace kvc
