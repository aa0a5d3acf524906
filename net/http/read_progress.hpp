#pragma once

#include <cstdint>

namespace kvc {

/// How far the bytes of a request have been read.
enum class read_progress : std::uint8_t {
  incomplete,       ///< More bytes are needed.
  wants_continue,   ///< Incomplete, and the peer waits for "100 Continue".
  complete,         ///< The rest of the bytes belongs to what comes next.
  malformed,        ///< Not HTTP: 400.
  header_too_long,  ///< Or what comes with the chunks of a body: 431.
  body_too_long,    ///< 413.
  out_of_memory,    ///< All bodies together are too long just now: 503.
};

}  // namespace kvc
