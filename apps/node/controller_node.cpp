#include "apps/node/controller_node.hpp"

#include "actors/events/executor.hpp"
#include "actors/fleet/registry.hpp"
#include "actors/hashing/chunk_hasher.hpp"
#include "actors/index/index_shard.hpp"
#include "actors/index/local_lookup_source.hpp"
#include "actors/index/lookup_service.hpp"
#include "apps/node/hashing_options.hpp"
#include "apps/node/http_options.hpp"
#include "apps/node/process.hpp"
#include "messages/build_version.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "net/api/routes.hpp"
#include "net/http/server.hpp"
#include "net/link/acceptor.hpp"
#include "net/link/secret.hpp"
#include "net/link/system.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>

namespace kvc {

namespace {

std::size_t cores() {
  return std::max(1U, std::thread::hardware_concurrency());
}

/// Longer than anything runs.
constexpr std::chrono::hours endless_lease{24 * 365 * 10};

/// Returns `configured`, or if that is 0 half the cores within [1, max].
std::size_t threads_or_automatic(std::uint32_t configured, std::size_t max) {
  return configured != 0 ? configured
                         : std::clamp<std::size_t>(cores() / 2, 1, max);
}

}  // namespace

struct controller_node::parts {
  explicit parts(controller_options chosen) : options(std::move(chosen)) {
    configure_link(config, cores());
    add_messages(config);
    system.emplace(config);
  }

  controller_options options;
  hash_settings hashing;
  std::uint64_t key_multiplier = random_number() | 1U;
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  std::shared_ptr<fleet_board> board = std::make_shared<fleet_board>();
  std::shared_ptr<local_lookup_source> lookups;
  std::optional<chunk_hasher> hasher;
  std::shared_ptr<controller_counters> counters =
    std::make_shared<controller_counters>();
  std::atomic<bool> is_stopping = false;

  // Handles; null once stopped.
  registry_actor registry;
  executor_actor executor;
  lookup_actor lookup_service;

  std::optional<link_acceptor> acceptor;
  std::optional<http_server> http;
  std::uint16_t http_port = 0;
  std::uint16_t link_port = 0;

  void spawn_actors(const std::function<void()>& on_failure);
  std::vector<index_shard_actor> spawn_shards(
    const registry_options& registry_settings);
  registry_options make_registry_options() const;
  executor_options make_executor_options(std::uint64_t controller_id) const;
  controller_route_options make_route_options() const;
  caf::error open_link_port();
  caf::error open_http_port();
  void stop();
};

std::vector<index_shard_actor> controller_node::parts::spawn_shards(
  const registry_options& registry_settings) {
  const auto count = threads_or_automatic(options.shards, 4);
  const kv_index_options index_settings{key_multiplier,
                                        options.index_memory_bytes / count};
  const index_shard_options shard_settings{.max_report_keys =
                                             registry_settings.max_report_keys};
  std::vector<index_shard_actor> shards;
  std::vector<std::shared_ptr<const kv_index>> tables;
  for (std::size_t i = 0; i < count; ++i) {
    auto table = std::make_shared<kv_index>(index_settings);
    tables.emplace_back(table);
    shards.emplace_back(system->spawn(index_shard, table, shard_settings));
  }
  lookups = std::make_shared<local_lookup_source>(board, std::move(tables),
                                                  key_multiplier);
  return shards;
}

registry_options controller_node::parts::make_registry_options() const {
  registry_options result;
  result.key_multiplier = key_multiplier;
  auto& rules = result.fleet;
  rules.hashing = hashing;
  rules.canary = canary(hashing);
  rules.controller_id = std::max<std::uint64_t>(1, random_number());
  // Milliseconds leave room for 2^20 registrations in each of them.
  rules.first_epoch = unix_time_ns() / 1'000'000 << 20U;
  rules.lease = options.lmcache_worker_timeout;
  rules.revival_grace = options.revival_grace;
  if (options.health_check_interval)
    rules.sweep_interval = *options.health_check_interval;
  else
    rules.lease = endless_lease;
  return result;
}

executor_options controller_node::parts::make_executor_options(
  std::uint64_t controller_id) const {
  executor_options result;
  result.controller_id = controller_id;
  result.health_timeout = options.health_timeout;
  result.clear_timeout = options.clear_timeout;
  result.pin_timeout = options.pin_timeout;
  result.compress_timeout = options.compress_timeout;
  result.move_timeout = options.move_timeout;
  result.max_timeout = options.max_event_timeout;
  // Before the request to cancel is given up; see make_route_options.
  result.cancel_grace =
    std::min(result.cancel_grace, options.request_timeout / 10);
  result.limits = {.max_running = options.max_running_events,
                   .max_finished = options.max_finished_events,
                   .max_finished_age = options.finished_event_age};
  result.on_change = [counted = counters](operation verb, event_state state) {
    counted->events.note(verb, state);
  };
  return result;
}

/// A request begins its event, waits and answers, all within request_timeout.
controller_route_options controller_node::parts::make_route_options() const {
  controller_route_options result;
  result.answer_timeout =
    std::min(result.answer_timeout, options.request_timeout / 5);
  result.event_wait = std::min(options.event_wait, options.request_timeout / 2);
  result.max_event_timeout = options.max_event_timeout;
  result.ready_sync_share = options.ready_sync_share;
  result.allowed_origins = options.allowed_origins;
  return result;
}

void controller_node::parts::spawn_actors(
  const std::function<void()>& on_failure) {
  hasher.emplace(hashing, options.save_unfull_chunk);
  const auto settings = make_registry_options();
  registry_services services;
  services.shards = spawn_shards(settings);
  services.board = board;
  lookup_service = system->spawn(kvc::lookup_service, lookups, board);
  services.lookups = lookup_service;
  registry = system->spawn(kvc::registry, services, settings);
  executor = system->spawn(kvc::executor, registry,
                           make_executor_options(settings.fleet.controller_id));
  const auto watch = [&](const auto& actor, const char* what) {
    actor->attach_functor([this, on_failure, what] {
      if (!is_stopping) {
        spdlog::critical("controller: {} has died", what);
        on_failure();
      }
    });
  };
  watch(registry, "the registry or a shard");
  watch(executor, "the executor");
  watch(lookup_service, "the lookup service");
}

caf::error controller_node::parts::open_link_port() {
  auto secret = load_secret(options.secret_file.string());
  if (!secret)
    return std::move(secret.error());
  acceptor.emplace(
    acceptor_options{.host = options.host,
                     .port = options.monitor_port,
                     .secret = *secret,
                     .handshake_timeout = options.link_handshake_timeout,
                     .max_pending_handshakes = options.max_pending_handshakes,
                     .on_refused = [to = registry](const refusal& link) {
                       caf::anon_send(to, link);
                     }});
  auto bound = acceptor->start(*system, registry);
  if (!bound)
    return std::move(bound.error());
  link_port = bound->port;
  return caf::none;
}

caf::error controller_node::parts::open_http_port() {
  auto settings = make_http_options(options);
  settings.threads = threads_or_automatic(options.http_threads, 8);
  // The server keeps both alive.
  settings.counters = {counters, &counters->requests};
  http.emplace(
    *system,
    make_controller_router({*lookups, *hasher, registry, executor,
                            make_route_options(), counters, this_build()}),
    settings);
  auto port = http->start();
  if (!port)
    return std::move(port.error());
  http_port = *port;
  return caf::none;
}

void controller_node::parts::stop() {
  is_stopping = true;
  if (http)
    http->stop();
  if (acceptor)
    acceptor->stop();
  const auto end = [](auto& handle) {
    if (handle)
      caf::anon_send<caf::message_priority::high>(
        caf::actor_cast<caf::actor>(handle),
        caf::exit_msg{handle.address(), caf::exit_reason::user_shutdown});
    handle = nullptr;
  };
  end(executor);
  end(registry);  // Its shards are linked.
  end(lookup_service);
  http.reset();
  acceptor.reset();
  system.reset();
}

controller_node::controller_node(std::unique_ptr<parts> running)
    : parts_(std::move(running)) {}

controller_node::~controller_node() { stop(); }

caf::expected<std::unique_ptr<controller_node>> controller_node::start(
  const controller_options& options, const std::function<void()>& on_failure) {
  auto hashing = make_hash_settings(options.pre_caching_hash_algorithm,
                                    options.chunk_size, options.none_hash);
  if (!hashing)
    return std::move(hashing.error());
  std::unique_ptr<controller_node> node{
    new controller_node{std::make_unique<parts>(options)}};
  auto& running = *node->parts_;
  running.hashing = *hashing;
  running.spawn_actors(on_failure);
  // Who sees it answer over HTTP may link to it.
  if (auto error = running.open_link_port())
    return error;
  if (auto error = running.open_http_port())
    return error;
  return node;
}

std::uint16_t controller_node::http_port() const { return parts_->http_port; }

std::uint16_t controller_node::link_port() const { return parts_->link_port; }

void controller_node::set_secret(const std::string& secret) {
  if (parts_->acceptor)
    parts_->acceptor->set_secret(secret);
}

void controller_node::stop() {
  if (parts_->system)
    parts_->stop();
}

}  // namespace kvc
