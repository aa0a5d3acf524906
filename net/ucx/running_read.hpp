#pragma once

#include "net/transport/checksum.hpp"
#include "net/transport/transport.hpp"
#include "net/ucx/connection.hpp"

namespace kvc::ucx {

/// A read, from its start until the peer owes it nothing more.
struct running_read {
  transport::read_id id = 0;
  read_request request;
  peer_address peer;
  read_result result;
  steady::time_point soft_deadline;
  steady::time_point hard_deadline;

  std::vector<std::uint64_t> bytes_left;  ///< Missing bytes, for each span.
  std::size_t spans_left = 0;

  // Where to go on asking or copying.
  std::size_t next_span = 0;
  std::uint64_t next_offset = 0;  ///< In that span.

  // The checksum of the first bytes of one span, computed as they were copied.
  running_checksum checksum;
  std::size_t summed_span = 0;
  std::uint64_t summed_bytes = 0;

  std::size_t requests = 0;           ///< Requests without an answer.
  std::shared_ptr<ucx::usage> usage;  ///< Set once it has a connection.
  int redials = 0;       ///< How often it began again on another connection.
  bool is_told = false;  ///< on_done and on_drained were called.

  /// `asked` was checked before.
  running_read(transport::read_id number, read_request asked, peer_address from,
               steady::time_point start);

  const remote_span& span() const { return request.spans[next_span]; }
  std::uint64_t left_in_span() const { return span().length - next_offset; }
  bool is_all_requested() const { return next_span == request.spans.size(); }

  /// Goes on by `bytes`, which were copied or asked for.
  void advance(std::uint64_t bytes);

  /// Copies bytes at `offset` of a span to their place. Computes the span's
  /// checksum on the way, as long as its bytes come in order.
  void copy(std::size_t index, std::uint64_t offset, std::span<std::byte> to,
            std::span<const std::byte> from);

  /// Returns whether a span, copied to `bytes`, has the checksum that the
  /// request demands, if any.
  bool is_right(std::size_t index, std::span<const std::byte> bytes) const;

  /// Counts bytes of a span that have arrived. Returns whether all have.
  bool arrive(std::size_t index, std::uint64_t bytes);

  /// Notes the outcome of a span.
  void finish_span(std::size_t index, bool is_right);

  /// Calls on_done and on_drained, unless that was done before. Nothing is
  /// written to our memory after that.
  void tell(read_status status);
};

}  // namespace kvc::ucx
