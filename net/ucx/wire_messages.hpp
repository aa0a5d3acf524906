#pragma once

#include <cstdint>

namespace kvc::ucx {

/// The most bytes that one message asks for. UCX sends them at once.
constexpr std::uint64_t piece_bytes = std::uint64_t{1} << 20U;

/// The ids of UCX's active messages.
enum class message_id : unsigned { read = 1, answer = 2 };

/// Asks for bytes; sent with the asker's packed address.
struct read_message {
  std::uint64_t token = 0;  ///< Comes back with the answer.

  /// The asker's connection::session. Connections that answer an earlier
  /// session are dead, even if UCX has not noticed that yet.
  std::uint64_t session = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Answers a read_message; sent with the bytes, unless they are refused.
struct answer_message {
  std::uint64_t token = 0;
  std::uint64_t is_refused = 0;  ///< 1 if the bytes are out of bounds.
};

}  // namespace kvc::ucx
