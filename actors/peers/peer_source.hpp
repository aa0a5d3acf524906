#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace kvc {

/// Brings chunks that other workers hold into the memory of this one.
class peer_source {
 public:
  virtual ~peer_source() = default;

  struct result {
    std::size_t chunks = 0;  ///< From the first one on, now in memory here.
    std::shared_ptr<const void> holds{};  ///< Keeps the chunks that came.
  };

  /// Brings the chunks `hashes` here, from the first one on as far as peers
  /// hold them. Waits for this, for a bounded time. Thread-safe.
  virtual result fetch(std::span<const std::uint64_t> hashes) = 0;
};

}  // namespace kvc
