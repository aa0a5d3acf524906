#pragma once

#include "config/host_address.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// The settings of the ranks of one instance. A member has the name of its key
/// in config/worker.yaml, but sizes are in bytes and say so.
struct worker_options {
  std::string lmcache_instance_id;  ///< As given; see `instance_id_of`.
  std::string model;  ///< Only instances of the same one share chunks.
  std::uint32_t rank_count = 0;  ///< As given; ask `ranks()` instead.

  std::uint32_t chunk_size = 256;                      ///< In tokens; positive.
  std::string pre_caching_hash_algorithm = "builtin";  ///< Or "sha256_cbor".
  std::string none_hash = "0";     ///< A 64-bit integer or "seed:N".
  bool save_unfull_chunk = false;  ///< Whether to keep a partial last chunk.

  bool local_cpu = true;
  std::uint64_t max_local_cpu_bytes = std::uint64_t{5} << 30U;

  /// Directories; empty: no disk. Rank r uses number r modulo their count.
  std::vector<std::filesystem::path> local_disk;
  std::string local_disk_path_sharding = "by_gpu";  ///< Which says so.
  std::uint64_t max_local_disk_bytes = 0;  ///< Positive if there is a disk.

  bool enable_controller = false;
  std::optional<host_and_port>
    controller_pull_url;  ///< Set if enable_controller.
  std::vector<std::uint16_t> lmcache_worker_ports;  ///< Empty, or one per rank.
  std::chrono::milliseconds lmcache_worker_heartbeat_time{1'000};

  bool enable_p2p = false;
  host_address p2p_host;  ///< Peers are served there; not empty if enable_p2p.
  host_address p2p_advertise_host;            ///< Empty: what the link tells.
  std::vector<std::uint16_t> p2p_init_ports;  ///< Empty, or one per rank.
  std::string p2p_transport = "auto";         ///< Or "tcp".
  std::chrono::milliseconds p2p_timeout{2'000};

  std::filesystem::path secret_file;  ///< Empty: none.
  std::string log_level = "info";     ///< One of spdlog's names.

  /// Returns how many ranks the instance has, at least 1.
  std::uint32_t ranks() const {
    if (rank_count > 0)
      return rank_count;
    return lmcache_worker_ports.empty()
             ? 1
             : static_cast<std::uint32_t>(lmcache_worker_ports.size());
  }

  friend bool operator==(const worker_options&,
                         const worker_options&) = default;
};

/// A setting that another one does not allow.
struct option_conflict {
  std::string key;
  std::string text;  ///< "needs controller_pull_url".

  /// The keys that explain it if their values could not be read.
  std::vector<std::string> causes;
};

/// Returns what is wrong with settings that need others.
std::vector<option_conflict> conflicts_in(const worker_options& options);

struct option_table;

/// Returns a table of all settings. They are kept in `options`, which must
/// outlive the table.
option_table table_of(worker_options& options);

}  // namespace kvc
