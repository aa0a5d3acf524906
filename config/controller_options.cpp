#include "config/controller_options.hpp"

#include "config/option.hpp"
#include "config/values.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kvc {

namespace {

constexpr number_range any_port{0, UINT16_MAX};

std::vector<option> event_options(controller_options& o) {
  return {
    {"health_timeout", "SECONDS", "for workers to answer /health",
     as_seconds(o.health_timeout, zero::refused)},
    {"clear_timeout", "SECONDS", "for workers to clear",
     as_seconds(o.clear_timeout, zero::refused)},
    {"pin_timeout", "SECONDS", "for workers to pin or unpin",
     as_seconds(o.pin_timeout, zero::refused)},
    {"compress_timeout", "SECONDS", "for workers to (de)compress",
     as_seconds(o.compress_timeout, zero::refused)},
    {"move_timeout", "SECONDS", "for workers to move or copy chunks",
     as_seconds(o.move_timeout, zero::refused)},
    {"max_event_timeout", "SECONDS", "that a request may ask for",
     as_seconds(o.max_event_timeout, zero::refused)},
    {"event_wait", "SECONDS", "until a control request answers 202",
     as_seconds(o.event_wait, zero::refused)},
    {"max_running_events", "N", "control events at once",
     as_integer(o.max_running_events,
                {1, controller_options::most_running_events})},
    {"max_finished_events", "N", "that are remembered",
     as_integer(o.max_finished_events, {0, 1 << 20U})},
    {"finished_event_age", "SECONDS", "until one is forgotten",
     as_seconds(o.finished_event_age, zero::allowed)},
  };
}

std::vector<option> other_options(controller_options& o) {
  return {
    {"host",
     "ADDRESS",
     "to listen on",
     as_host(o.host, blank::refused),
     {"controller_host"}},
    {"port", "PORT", "HTTP", as_integer(o.port, any_port), {"controller_port"}},
    {"monitor_port", "PORT", "where workers connect",
     as_integer(o.monitor_port, any_port)},
    {"monitor_ports",
     "JSON",
     "as LMCache's; its pull is monitor-port",
     as_monitor_ports(o.monitor_port),
     {"controller_monitor_ports"},
     "monitor_port"},
    {"health_check_interval", "SECONDS",
     "between two checks of leases; -1: off",
     as_seconds_or_off(o.health_check_interval)},
    {"lmcache_worker_timeout", "SECONDS", "silence that ends a lease",
     as_seconds(o.lmcache_worker_timeout, zero::refused)},
    {"revival_grace", "SECONDS", "a lost worker may resume within",
     as_seconds(o.revival_grace, zero::allowed)},
    {"chunk_size", "TOKENS", "tokens per chunk",
     as_integer(o.chunk_size, {1, 1 << 20U})},
    {"pre_caching_hash_algorithm", "NAME", "builtin or sha256_cbor",
     as_choice(o.pre_caching_hash_algorithm, {"builtin", "sha256_cbor"})},
    {"none_hash", "HASH", "hash before the first chunk, or seed:N",
     as_none_hash(o.none_hash)},
    {"save_unfull_chunk", "BOOL", "look up a partial last chunk",
     as_bool(o.save_unfull_chunk)},
    {"shards", "N", "of the index; 0: by cores", as_integer(o.shards, {0, 64})},
    {"index_memory_limit", "GB", "of the index in 2^30 bytes; 0: none",
     as_size(o.index_memory_bytes, gib, zero::allowed)},
    {"ready_sync_share", "SHARE", "of streams in full sync while ready",
     as_share(o.ready_sync_share)},
    {"http_threads", "N", "0: by cores", as_integer(o.http_threads, {0, 64})},
    {"body_limit", "MIB", "of a request, in 2^20 bytes",
     as_size(o.body_limit_bytes, mib, zero::refused)},
    {"max_connections", "N", "over HTTP",
     as_integer(o.max_connections, {1, 1 << 20U})},
    {"request_timeout", "SECONDS", "to receive (at most 10), handle, answer",
     as_seconds(o.request_timeout, zero::refused)},
    {"idle_timeout", "SECONDS", "between two requests",
     as_seconds(o.idle_timeout, zero::refused)},
    {"allowed_origins", "LIST", "of web pages that may change something",
     as_origins(o.allowed_origins)},
    {"link_handshake_timeout", "SECONDS", "for a link to authenticate",
     as_seconds(o.link_handshake_timeout, zero::refused)},
    {"max_pending_handshakes", "N", "links that authenticate at once",
     as_integer(o.max_pending_handshakes, {1, 65'536})},
    {"secret_file", "FILE", "holds the secret of the links",
     as_path(o.secret_file)},
    {"log_level", "LEVEL", "trace to critical, or off",
     as_log_level(o.log_level)},
  };
}

}  // namespace

option_table table_of(controller_options& o) {
  auto options = other_options(o);
  auto events = event_options(o);
  std::move(events.begin(), events.end(), std::back_inserter(options));
  // LMCache's keys that have no counterpart here yet.
  const std::vector<std::string> unsupported{"extra_config"};
  return {{"LMCACHE_CONTROLLER_", "KVC_CONTROLLER_"},
          std::move(options),
          unsupported,
          {}};
}

}  // namespace kvc
