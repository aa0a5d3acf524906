#pragma once

#include <cstdint>

namespace kvc::ucx {

/// What is asked for in one message, at most. UCX sends that much in one go,
/// and must: a message that takes several is freed too early by UCX 1.13.1 when
/// the peer is lost meanwhile, which aborts the process.
constexpr std::uint64_t piece_bytes = std::uint64_t{1} << 20U;

/// The ids of active messages.
enum class message_id : unsigned { read = 1, answer = 2 };

/// Asks for bytes; sent with the asker's packed address.
struct read_message {
  std::uint64_t token = 0;  ///< Comes back with the answer.
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Is sent with the bytes, unless they were refused.
struct answer_message {
  std::uint64_t token = 0;
  std::uint64_t is_refused = 0;  ///< 1 if they are out of bounds.
};

}  // namespace kvc::ucx
