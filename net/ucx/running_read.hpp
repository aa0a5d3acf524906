#pragma once

#include "net/transport/checksum.hpp"
#include "net/transport/transport.hpp"
#include "net/ucx/connection.hpp"

namespace kvc::ucx {

/// A read that is not over: from its start until the peer owes it nothing.
struct running_read {
  transport::read_id id = 0;
  read_request request;
  peer_address peer;
  read_result result;
  steady::time_point soft_deadline;
  steady::time_point hard_deadline;
  steady::time_point next_progress;  ///< When on_progress is due.

  /// Of each span, what has not arrived yet.
  std::vector<std::uint64_t> bytes_left;
  std::size_t spans_left = 0;

  // What is to be asked for or copied next.
  std::size_t next_span = 0;
  std::uint64_t next_offset = 0;  ///< In that span.

  // The checksum of the beginning of a span, as it was copied.
  running_checksum checksum;
  std::size_t summed_span = 0;
  std::uint64_t summed_bytes = 0;

  std::size_t requests = 0;           ///< Unanswered.
  std::shared_ptr<ucx::usage> usage;  ///< Set once it has a connection.
  int redials = 0;       ///< How often it began anew with another connection.
  bool is_told = false;  ///< on_done and on_drained were called.

  /// Takes a request that was checked.
  running_read(transport::read_id number, read_request asked, peer_address from,
               steady::time_point start);

  const remote_span& span() const { return request.spans[next_span]; }
  std::uint64_t left_in_span() const { return span().length - next_offset; }
  bool is_all_requested() const { return next_span == request.spans.size(); }

  /// Takes the next `bytes` of the span for requested.
  void advance(std::uint64_t bytes);

  /// Copies the bytes at `offset` of a span to their place, and computes its
  /// checksum on the way if they come in order.
  void copy(std::size_t index, std::uint64_t offset, std::span<std::byte> to,
            std::span<const std::byte> from);

  /// Returns whether a span, all of which was copied to `bytes`, is what was
  /// promised.
  bool is_right(std::size_t index, std::span<const std::byte> bytes) const;

  /// Counts bytes of a span that are there. Returns whether that is all of it.
  bool arrive(std::size_t index, std::uint64_t bytes);

  /// Notes what became of a span and reports progress if it is due.
  void finish_span(std::size_t index, bool is_right, steady::time_point now);

  /// Calls on_done, and on_drained, since nothing is written afterwards; if
  /// that was not done.
  void tell(read_status status);
};

}  // namespace kvc::ucx
