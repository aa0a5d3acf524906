#pragma once

#include "messages/fwd.hpp"

#include <caf/error.hpp>
#include <caf/make_message.hpp>  // Used by CAF_ERROR_CODE_ENUM.

#include <string>

namespace kvc {

/// Why a request was refused. The numbers travel between processes: append new
/// ones at the end, never renumber.
enum class errc : std::uint8_t {
  invalid_request = 1,  ///< The request itself makes no sense.
  unknown_worker,       ///< No registration under this worker_id.
  unknown_instance,     ///< No registered worker belongs to this instance.
  stale_epoch,          ///< This registration is over: say hello again.
  superseded,           ///< A newer process registered under this worker_id.
  version_mismatch,     ///< The peer speaks another protocol version.
  hashing_mismatch,     ///< Algorithm, chunk_size, none_hash or canary differ.
  rank_count_mismatch,  ///< The instance announced another number of ranks.
  not_ready,            ///< Not now; the same request may succeed later.
  unauthorized,         ///< The two sides do not share the same secret.
  unreachable,          ///< No connection could be made.
  timed_out,            ///< A deadline passed without an answer.
  connection_lost,      ///< The peer went away before it answered.
  no_capacity,          ///< What was to be stored does not fit.
  unknown_location,     ///< A worker of the instance has no such location.
  unknown_event,        ///< No such event, or no longer.
  too_busy,             ///< Too many run at once; later it may succeed.
  io_failed,            ///< A file could not be read or written.
  shapes_differ,        ///< Two instances are not alike enough for a move.
  p2p_disabled,         ///< A worker takes no part in transfers.
  too_late,             ///< Its time was over before it began.
};

/// Returns the enumerator's own name, as logs and HTTP error bodies show it.
std::string to_string(errc code);

/// Renders `error` for people: of ours "name: detail", else as CAF does.
std::string describe(const caf::error& error);

}  // namespace kvc

CAF_ERROR_CODE_ENUM(kvc::errc, "kvc")
