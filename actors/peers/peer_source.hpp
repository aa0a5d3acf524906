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
    std::size_t chunks = 0;  ///< That are here now, from the first one on.
    std::shared_ptr<const void> holds{};  ///< Keeps those that came.
  };

  /// Has the chunks `hashes` brought here, as far as peers hold them from the
  /// first one on. Waits for it, but only for a bounded time. Thread-safe.
  virtual result fetch(std::span<const std::uint64_t> hashes) = 0;
};

}  // namespace kvc
