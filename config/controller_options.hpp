#pragma once

#include "config/host_address.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// The settings of a controller. A member has the name of its key in
/// config/controller.yaml, but sizes are in bytes and say so.
struct controller_options {
  host_address host = "0.0.0.0";      ///< Both ports listen on it.
  std::uint16_t port = 9000;          ///< For HTTP; 0 takes a free one.
  std::uint16_t monitor_port = 9001;  ///< For links; 0 takes a free one.

  /// How often leases are checked; positive. Nothing: leases do not end.
  std::optional<std::chrono::milliseconds> health_check_interval{1'000};
  /// How long a worker may be silent; positive.
  std::chrono::milliseconds lmcache_worker_timeout{5'000};
  /// How long a lost worker may come back and go on where it was; 0: never.
  std::chrono::milliseconds revival_grace{30'000};

  std::uint32_t chunk_size = 256;                      ///< In tokens; positive.
  std::string pre_caching_hash_algorithm = "builtin";  ///< Or "sha256_cbor".
  std::string none_hash = "0";  ///< A 64-bit integer or "seed:N".

  /// Whether lookups include a partial last chunk. It is on here although it is
  /// off in workers: a lookup finds only what workers have reported.
  bool save_unfull_chunk = true;

  std::uint32_t shards = 0;              ///< 0 chooses by the number of cores.
  std::uint64_t index_memory_bytes = 0;  ///< 0 is unlimited.
  double ready_sync_share = 0.1;  ///< Of streams, may still sync when ready.

  std::uint32_t http_threads = 0;  ///< 0 chooses by the number of cores.
  std::uint64_t body_limit_bytes = std::uint64_t{16} << 20U;
  std::uint32_t max_connections = 4'096;  ///< Over HTTP; positive.
  /// To receive a request (10 s at most), to handle it, to send its answer.
  std::chrono::milliseconds request_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};

  /// Of web pages that may change something, beside those that were loaded from
  /// the controller's own address: "https://kvc.example".
  std::vector<std::string> allowed_origins;

  // How long workers have to carry out an operation; all positive.
  std::chrono::milliseconds health_timeout{5'000};
  std::chrono::milliseconds clear_timeout{10'000};
  std::chrono::milliseconds pin_timeout{10'000};        ///< And unpin.
  std::chrono::milliseconds compress_timeout{300'000};  ///< And decompress.
  std::chrono::milliseconds move_timeout{300'000};

  /// The longest timeout that a request may ask for; positive.
  std::chrono::milliseconds max_event_timeout{3'600'000};
  /// How long a control request waits for the end of its event, at most half
  /// of request_timeout; positive.
  std::chrono::milliseconds event_wait{15'000};

  /// What max_running_events may be: workers refuse more commands at once.
  static constexpr std::uint32_t most_running_events = 1'024;

  std::uint32_t max_running_events = 256;     ///< Positive.
  std::uint32_t max_finished_events = 1'000;  ///< How many are remembered.
  std::chrono::milliseconds finished_event_age{3'600'000};  ///< How long.

  std::chrono::milliseconds link_handshake_timeout{2'000};
  std::uint32_t max_pending_handshakes = 256;  ///< Positive.

  std::filesystem::path secret_file;  ///< Empty: none.
  std::string log_level = "info";     ///< One of spdlog's names.

  friend bool operator==(const controller_options&,
                         const controller_options&) = default;
};

struct option_table;

/// Returns a table of all settings. They are kept in `options`, which must
/// outlive the table.
option_table table_of(controller_options& options);

}  // namespace kvc
