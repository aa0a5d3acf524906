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
  running_checksum checksum;      ///< Of its bytes before, if it is mapped.

  std::size_t requests = 0;   ///< Unanswered, or being received.
  std::size_t receiving = 0;  ///< The latter: these write to our memory.
  std::shared_ptr<ucx::usage> usage;  ///< Set once it has a connection.
  int redials = 0;       ///< How often it began anew with another connection.
  bool is_told = false;  ///< on_done was called.
  bool is_drained = false;  ///< on_drained was called.

  /// Takes a request that was checked.
  running_read(transport::read_id number, read_request asked, peer_address from,
               steady::time_point start);

  const remote_span& span() const { return request.spans[next_span]; }
  std::uint64_t left_in_span() const { return span().length - next_offset; }
  bool is_all_requested() const { return next_span == request.spans.size(); }

  /// Takes the next `bytes` of the span for requested.
  void advance(std::uint64_t bytes);

  /// Counts bytes of a span that are there. Returns whether that is all of it.
  bool arrive(std::size_t index, std::uint64_t bytes);

  /// Notes what became of a span and reports progress if it is due.
  void finish_span(std::size_t index, bool is_right, steady::time_point now);

  /// Calls on_done, if that was not done.
  void tell(read_status status);

  /// Calls on_drained, if that was not done.
  void tell_drained();
};

}  // namespace kvc::ucx
