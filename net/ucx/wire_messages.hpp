#pragma once

#include <cstdint>

namespace kvc::ucx {

/// What is asked for in one message, at most. UCX sends that much at once.
constexpr std::uint64_t piece_bytes = std::uint64_t{1} << 20U;

/// The ids of active messages.
enum class message_id : unsigned { read = 1, answer = 2 };

/// Asks for bytes; sent with the asker's packed address.
struct read_message {
  std::uint64_t token = 0;  ///< Comes back with the answer.

  /// Of the asker's connection. What answers an earlier one is dead, even if
  /// that was not noticed yet.
  std::uint64_t session = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Is sent with the bytes, unless they were refused.
struct answer_message {
  std::uint64_t token = 0;
  std::uint64_t is_refused = 0;  ///< 1 if they are out of bounds.
};

}  // namespace kvc::ucx
