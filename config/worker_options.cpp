#include "config/load.hpp"
#include "config/loader.hpp"
#include "config/tables.hpp"
#include "config/values.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace kvc {

namespace {

/// LMCache's keys of engines and workers that have no counterpart here yet.
constexpr auto unsupported_keys = std::to_array<std::string_view>({
  "app_id",
  "audit_actual_remote_url",
  "blend_*",
  "blocking_timeout_secs",
  "cache_policy",
  "chunk_statistics_*",
  "cost_aware_*",
  "cufile_buffer_size",
  "distributed_url",
  "ec_*",
  "enable_async_loading",
  "enable_blending",
  "enable_chunk_statistics",
  "enable_hidden_state_cache",
  "enable_kv_events",
  "enable_lazy_memory_allocator",
  "enable_nixl",
  "enable_pd",
  "enable_scheduler_bypass_lookup",
  "enable_xpyd",
  "error_handling",
  "external_backends",
  "external_lookup_client",
  "extra_config",
  "gds_*",
  "hidden_state*",
  "hit_miss_ratio",
  "internal_api_server_*",
  "lazy_memory_*",
  "lmcache_worker_heartbeat_delay_time",
  "lmcache_worker_ids",
  "local_cpu_use_hugepages",
  "local_disk_path_sharding",
  "lookup_server_worker_ids",
  "lookup_timeout_ms",
  "lookup_url",
  "maru_*",
  "max_hidden_state_cpu_size",
  "min_retrieve_tokens",
  "mp_host",
  "mp_port",
  "nixl_*",
  "numa_mode",
  "p2p_lookup_ports",
  "pd_*",
  "pin_check_interval_sec",
  "pin_timeout_sec",
  "plugin_locations",
  "priority_limit",
  "py_enable_gc",
  "remote_config_url",
  "remote_serde",
  "remote_storage_plugins",
  "remote_url",
  "reserve_local_cpu_size",
  "retrieve_locations",
  "runtime_plugin_locations",
  "save_decode_cache",
  "script_allowed_imports",
  "storage_plugins",
  "store_location",
  "transfer_channel",
  "use_gds",
  "use_gpu_connector_v3",
  "use_layerwise",
  "weka_path",
});

}  // namespace

option_table worker_table(worker_options& o) {
  constexpr std::uint16_t default_link_port = 9001;
  return {
    "LMCACHE_",
    {
      {"lmcache_instance_id", "NAME", "name of the instance",
       as_name(o.lmcache_instance_id)},
      {"model", "NAME", "namespace of the chunks", as_text(o.model)},
      {"rank_count", "N", "ranks of the instance; 0: one per worker port",
       as_integer(o.rank_count, {0, 1024})},
      {"chunk_size", "TOKENS", "tokens per chunk",
       as_integer(o.chunk_size, {1, 1 << 20U})},
      {"pre_caching_hash_algorithm", "NAME", "builtin or sha256_cbor",
       as_choice(o.pre_caching_hash_algorithm, {"builtin", "sha256_cbor"})},
      {"none_hash", "HASH", "hash before the first chunk, or seed:N",
       as_none_hash(o.none_hash)},
      {"save_unfull_chunk", "BOOL", "keep a partial last chunk",
       as_bool(o.save_unfull_chunk)},
      {"local_cpu", "BOOL", "keep chunks in memory", as_bool(o.local_cpu)},
      {"max_local_cpu_size", "GB", "memory for chunks, in 2^30 bytes",
       as_size(o.max_local_cpu_bytes, gib, zero::refused)},
      {"local_disk", "PATH", "keep chunks in files below it",
       as_directory(o.local_disk)},
      {"max_local_disk_size", "GB", "of files, in 2^30 bytes",
       as_size(o.max_local_disk_bytes, gib, zero::allowed)},
      {"enable_controller", "BOOL", "report to a controller",
       as_bool(o.enable_controller)},
      {"controller_pull_url",
       "HOST:PORT",
       "the controller's link",
       as_host_and_port(o.controller_pull_url, default_link_port),
       {"controller_url"}},
      {"controller_reply_url", "HOST:PORT", "ignored", as_ignored()},
      {"lmcache_worker_ports",
       "PORTS",
       "where peers reach each rank",
       as_ports(o.lmcache_worker_ports),
       {"lmcache_worker_port"}},
      {"lmcache_worker_heartbeat_time", "SECONDS", "between two heartbeats",
       as_seconds(o.lmcache_worker_heartbeat_time, zero::refused)},
      {"enable_p2p", "BOOL", "fetch chunks from peers", as_bool(o.enable_p2p)},
      {"p2p_host", "HOST", "where peers reach this host", as_text(o.p2p_host)},
      {"p2p_init_ports",
       "PORTS",
       "for transfers, one per rank",
       as_ports(o.p2p_init_ports),
       {"p2p_init_port"}},
      {"p2p_transport", "NAME", "auto (memory on one host) or tcp",
       as_choice(o.p2p_transport, {"auto", "tcp"})},
      {"p2p_timeout", "SECONDS", "for peers to give what is missing",
       as_seconds(o.p2p_timeout, zero::refused)},
      {"secret_file", "FILE", "holds the secret of the links",
       as_path(o.secret_file)},
      {"log_level", "LEVEL", "trace to critical, or off",
       as_log_level(o.log_level)},
    },
    unsupported_keys,
  };
}

namespace {

/// Adds an error unless `needed` has a value too.
void require(load_outcome& found, const std::string& key,
             const std::string& needed) {
  if (!found.places.contains(needed))
    found.report.errors.push_back(found.places[key] + ": needs " + needed);
}

/// Adds an error unless the list of ports is empty or has one for each rank.
void require_port_per_rank(load_outcome& found, const std::string& key,
                           std::size_t ports, std::uint32_t ranks) {
  if (ports != 0 && ports != ranks)
    found.report.errors.push_back(
      found.places[key] + ": expected a port for each of " +
      std::to_string(ranks) + " ranks, got " + std::to_string(ports));
}

void check_worker(const worker_options& options, load_outcome& found) {
  const bool is_sound = found.report.errors.empty();
  if (options.enable_controller)
    require(found, "enable_controller", "controller_pull_url");
  if (!options.local_disk.empty() && options.max_local_disk_bytes == 0)
    found.report.errors.push_back(found.places["local_disk"] +
                                  ": needs a max_local_disk_size above 0");
  if (!options.local_cpu && options.local_disk.empty())
    require(found, "local_cpu", "local_disk");
  if (options.enable_p2p && !options.local_cpu)
    found.report.errors.push_back(found.places["enable_p2p"] +
                                  ": needs local_cpu, peers read memory");
  if (options.enable_p2p)
    for (const auto* key : {"enable_controller", "p2p_host", "p2p_init_ports"})
      require(found, "enable_p2p", key);
  if (!is_sound)
    return;
  require_port_per_rank(found, "lmcache_worker_ports",
                        options.lmcache_worker_ports.size(), options.ranks());
  require_port_per_rank(found, "p2p_init_ports", options.p2p_init_ports.size(),
                        options.ranks());
}

}  // namespace

loaded<worker_options> load_worker_options(const command_line& line) {
  loaded<worker_options> result;
  auto found = load_table(worker_table(result.options), line);
  if (found.report.help.empty())
    check_worker(result.options, found);
  static_cast<load_report&>(result) = std::move(found.report);
  return result;
}

}  // namespace kvc
