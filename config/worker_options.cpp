#include "config/worker_options.hpp"

#include "config/load.hpp"
#include "config/option.hpp"
#include "config/values.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace kvc {

namespace {

/// LMCache's keys of engines and workers that have no counterpart here yet.
constexpr auto* unsupported_keys =
  "app_id audit_actual_remote_url blend_* blocking_timeout_secs "
  "cache_policy chunk_statistics_* cost_aware_* cufile_buffer_size "
  "distributed_url ec_* enable_async_loading enable_blending "
  "enable_chunk_statistics enable_hidden_state_cache enable_kv_events "
  "enable_lazy_memory_allocator enable_nixl enable_pd "
  "enable_scheduler_bypass_lookup enable_xpyd error_handling "
  "external_backends external_lookup_client extra_config gds_* "
  "hidden_state* hit_miss_ratio internal_api_server_* lazy_memory_* "
  "lmcache_worker_heartbeat_delay_time lmcache_worker_ids "
  "local_cpu_use_hugepages "
  "lookup_server_worker_ids lookup_timeout_ms lookup_url maru_* "
  "max_hidden_state_cpu_size min_retrieve_tokens mp_host mp_port nixl_* "
  "numa_mode p2p_lookup_ports pd_* pin_check_interval_sec pin_timeout_sec "
  "plugin_locations priority_limit py_enable_gc remote_config_url "
  "remote_serde remote_storage_plugins remote_url reserve_local_cpu_size "
  "retrieve_locations run_script_api_enabled runtime_plugin_locations "
  "save_decode_cache "
  "script_allowed_imports storage_plugins store_location transfer_channel "
  "use_gds use_gpu_connector_v3 use_layerwise weka_path";

/// Adds errors about settings that need others.
void check(const worker_options& o, load_report& report) {
  const bool is_sound = report.errors.empty();
  const auto is_given = [&](const std::string& key) {
    return report.places.contains(key);
  };
  for (const auto& each : conflicts_in(o))
    // A setting that was given and is wrong has its error already.
    if (is_sound || std::ranges::none_of(each.causes, is_given))
      report.errors.push_back(report.places[each.key] + ": " + each.text);
}

}  // namespace

std::vector<option_conflict> conflicts_in(const worker_options& o) {
  std::vector<option_conflict> result;
  const auto require = [&](const std::string& key, bool has,
                           const std::string& needed) {
    if (!has)
      result.push_back({key, "needs " + needed, {needed}});
  };
  const auto require_port_per_rank = [&](const std::string& key,
                                         std::size_t ports) {
    if (ports != 0 && ports != o.ranks())
      result.push_back(
        {key,
         "expected a port for each of " + std::to_string(o.ranks()) +
           " ranks, got " + std::to_string(ports),
         {"rank_count", "lmcache_worker_ports", "p2p_init_ports"}});
  };
  if (o.enable_controller)
    require("enable_controller", o.controller_pull_url.has_value(),
            "controller_pull_url");
  if (!o.local_disk.empty() && o.max_local_disk_bytes == 0)
    result.push_back({"local_disk", "needs a max_local_disk_size above 0", {}});
  if (!o.local_cpu)
    require("local_cpu", !o.local_disk.empty(), "local_disk");
  if (o.enable_p2p) {
    if (!o.local_cpu)
      result.push_back(
        {"enable_p2p", "needs local_cpu, peers read memory", {}});
    require("enable_p2p", o.enable_controller, "enable_controller");
    require("enable_p2p", !o.p2p_host.empty(), "p2p_host");
    require("enable_p2p", !o.p2p_init_ports.empty(), "p2p_init_ports");
  }
  // A made-up name would be another one in each rank, and after each start.
  const auto has_name = !o.enable_controller || !o.lmcache_instance_id.empty();
  if (o.ranks() > 1)
    require(o.rank_count > 1 ? "rank_count" : "lmcache_worker_ports", has_name,
            "lmcache_instance_id");
  if (!o.local_disk.empty())
    require("local_disk", has_name, "lmcache_instance_id");
  require_port_per_rank("lmcache_worker_ports", o.lmcache_worker_ports.size());
  require_port_per_rank("p2p_init_ports", o.p2p_init_ports.size());
  return result;
}

namespace {

std::vector<option> chunk_options(worker_options& o) {
  return {
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
    {"local_disk", "PATHS", "keep chunks in files below them",
     as_directories(o.local_disk)},
    {"local_disk_path_sharding", "NAME", "by_gpu: ranks take turns",
     as_choice(o.local_disk_path_sharding, {"by_gpu"})},
    {"max_local_disk_size", "GB", "of files, in 2^30 bytes",
     as_size(o.max_local_disk_bytes, gib, zero::allowed)},
  };
}

}  // namespace

option_table table_of(worker_options& o) {
  constexpr std::uint16_t default_link_port = 9001;
  option_table result{
    {"LMCACHE_", "KVC_WORKER_"},
    {
      {"lmcache_instance_id", "NAME",
       "name of the instance; null: a unique one",
       as_instance_id(o.lmcache_instance_id)},
      {"model", "NAME", "namespace of the chunks", as_short_text(o.model, 0)},
      {"rank_count", "N", "ranks of the instance; 0: one per worker port",
       as_integer(o.rank_count, {0, 1024})},
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
      {"p2p_host", "HOST", "to serve peers on",
       as_host(o.p2p_host, blank::allowed)},
      {"p2p_advertise_host", "HOST", "where peers reach this host",
       as_advertised_host(o.p2p_advertise_host)},
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
    words_of(unsupported_keys),
    [&o](load_report& report) { check(o, report); },
  };
  auto chunks = chunk_options(o);
  std::move(chunks.begin(), chunks.end(), std::back_inserter(result.options));
  return result;
}

}  // namespace kvc
