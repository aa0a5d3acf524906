#pragma once

#include "messages/fwd.hpp"

#include <caf/meta/type_name.hpp>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvc {

/// Names one worker: a serving instance and the rank within it.
struct worker_id {
  std::string instance;    ///< `lmcache_instance_id`; never empty.
  std::uint32_t rank = 0;  ///< Tensor-parallel rank, counted from 0.

  friend auto operator<=>(const worker_id&, const worker_id&) = default;

  /// Writes "instance/rank", for logs.
  friend std::string to_string(const worker_id& x) {
    return x.instance + '/' + std::to_string(x.rank);
  }

  template <class Inspector>
  friend auto inspect(Inspector& f, worker_id& x) {
    return f(caf::meta::type_name("worker_id"), x.instance, x.rank);
  }
};

/// A store inside a worker. The numbers travel between processes.
enum class location : std::uint8_t {
  cpu = 0,   ///< Host memory, "LocalCPUBackend".
  disk = 1,  ///< Local files, "LocalDiskBackend".
};

inline constexpr std::size_t location_count = 2;

/// Returns the name LMCache's users know: "LocalCPUBackend".
std::string to_string(location where);

/// Returns the location of this name, if there is one.
std::optional<location> location_named(std::string_view name);

/// What one location of a worker holds.
struct location_usage {
  location where = location::cpu;
  std::uint64_t chunks = 0;
  std::uint64_t used_bytes = 0;
  std::uint64_t capacity_bytes = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, location_usage& x) {
    return f(caf::meta::type_name("location_usage"), x.where, x.chunks,
             x.used_bytes, x.capacity_bytes);
  }
};

}  // namespace kvc
