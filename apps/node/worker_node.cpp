#include "apps/node/worker_node.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "actors/store/disk_writer.hpp"
#include "actors/worker/worker.hpp"
#include "apps/node/bounded_run.hpp"
#include "apps/node/death_log.hpp"
#include "apps/node/hashing_options.hpp"
#include "apps/node/peer_side.hpp"
#include "apps/node/process.hpp"
#include "apps/node/rank_disk.hpp"
#include "apps/workload/journal.hpp"
#include "config/instance_id.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/logger_release.hpp"
#include "net/link/connector.hpp"
#include "net/link/dialer.hpp"
#include "net/link/secret.hpp"
#include "net/link/system.hpp"
#include "net/transport/transport_module.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <thread>

namespace kvc {

namespace {

constexpr std::uint16_t default_link_port = 9001;
constexpr std::chrono::milliseconds lookup_timeout{1'000};

/// Half of the cores: the engine's own work comes first.
std::size_t command_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 8);
}

/// Returns why nothing can be started; no error if it can.
caf::error objection_to(const worker_node_options& options) {
  if (options.ranks.empty())
    return caf::make_error(errc::invalid_request, "no ranks");
  if (options.bytes_per_token == 0)
    return caf::make_error(errc::invalid_request, "bytes_per_token: 0");
  for (const auto& each : options.ranks) {
    if (!is_instance_id(each.instance))
      return caf::make_error(
        errc::invalid_request,
        "lmcache_instance_id: must be " + std::string{instance_id_rule});
    if (each.rank >= each.rank_count)
      return caf::make_error(errc::invalid_request,
                             "rank: must be less than rank_count");
  }
  const auto conflicts = conflicts_in(options.settings);
  if (!conflicts.empty())
    return caf::make_error(errc::invalid_request,
                           conflicts[0].key + ": " + conflicts[0].text);
  return caf::none;
}

/// Returns where peers are told to find us if they are served on `bound`; none
/// if the link to the controller is to tell.
host_address advertised(const worker_options& settings,
                        const host_address& bound) {
  if (!settings.p2p_advertise_host.empty())
    return settings.p2p_advertise_host;
  return bound.is_wildcard() ? host_address{} : bound;
}

/// A rank and what it consists of.
struct rank_parts {
  change_hub hub;
  std::unique_ptr<membership_listener> log;   ///< Before the hub, if any.
  std::unique_ptr<kvc::transport> transport;  ///< Null without peer to peer.
  std::unique_ptr<cache_engine> engine;
  rank here;
};

}  // namespace

/// What runs in a worker_node, and how it is put together.
struct worker_node::parts {
  explicit parts(worker_node_options chosen);

  worker_node_options options;
  hash_settings hashing;
  incarnation process{unix_time_ns(), random_number()};
  std::unique_ptr<journal> changes;  ///< If they are written.
  std::vector<std::unique_ptr<rank_parts>> ranks;
  std::vector<cache_engine*> engines;
  std::vector<disk_writer_actor> disk_writers;
  work_pool commands;  ///< Does the work of commands.
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  std::string secret;
  std::shared_ptr<link_connector> connector;
  dialer_actor dialer;
  std::unique_ptr<peer_side> peers;  ///< Null without peer to peer.
  std::atomic<bool> is_stopping = false;
  mutable std::shared_mutex calls;  ///< Shared by those that use what ends.

  caf::error make_ranks();
  caf::error make_rank(const hosted_rank& hosted);
  void spawn_disk_writer(rank& here);
  caf::error link();
  caf::error link_peers();
  void spawn_worker(rank_parts& of, const std::function<void()>& on_failure);
  void stop();
};

worker_node::parts::parts(worker_node_options chosen)
    : options(std::move(chosen)), commands(command_threads()) {
  configure_link(config, std::max(2U, std::thread::hardware_concurrency()));
  add_messages(config);
  system.emplace(config);
}

caf::error worker_node::parts::make_ranks() {
  if (!options.journal.empty()) {
    auto opened = journal::open(options.journal);
    if (!opened)
      return std::move(opened.error());
    changes = std::move(*opened);
  }
  for (const auto& hosted : options.ranks)
    if (auto error = make_rank(hosted))
      return error;
  return caf::none;
}

caf::error worker_node::parts::make_rank(const hosted_rank& hosted) {
  const auto& settings = options.settings;
  auto& made = *ranks.emplace_back(std::make_unique<rank_parts>());
  auto& here = made.here;
  here.profile.id = {hosted.instance, hosted.rank};
  here.profile.rank_count = hosted.rank_count;
  here.profile.model = settings.model;
  here.profile.port = port_of(settings.lmcache_worker_ports, hosted.rank);
  membership_listener* listener = &made.hub;
  if (changes) {
    made.log = changes->listener(here.id(), &made.hub);
    listener = made.log.get();
  }
  cache_engine_options engine;
  engine.hashing = hashing;
  engine.save_unfull_chunk = settings.save_unfull_chunk;
  engine.capacity_bytes = settings.local_cpu ? settings.max_local_cpu_bytes : 0;
  if (settings.enable_p2p) {
    auto opened = open_rank_transport(settings, hosted.rank);
    if (!opened)
      return std::move(opened.error());
    made.transport = std::move(*opened);
    here.transport = made.transport.get();
    here.profile.transfer_address = here.transport->address();
    engine.region = here.transport->memory();
    engine.keeps_checksums = true;
  }
  engine.bytes_per_token = options.bytes_per_token;
  engine.format = options.format;
  engine.listener = listener;
  auto disk = open_rank_disk(options, hosted, hashing, listener);
  if (!disk)
    return std::move(disk.error());
  engine.disk = std::move(*disk);
  auto started = cache_engine::make(std::move(engine));
  if (!started)
    return std::move(started.error());
  made.engine = std::move(*started);
  engines.push_back(made.engine.get());
  here.format = options.format;
  here.bytes_per_token = options.bytes_per_token;
  here.set_stores(made.engine->cpu(), made.engine->disk());
  here.submit = [this](work_pool::job work) {
    commands.submit(std::move(work));
  };
  if (here.disk != nullptr)
    spawn_disk_writer(here);
  return caf::none;
}

void worker_node::parts::spawn_disk_writer(rank& here) {
  const auto writer = system->spawn<caf::detached>(disk_writer, here.disk);
  disk_writers.push_back(writer);
  log_death_of(caf::actor_cast<caf::actor>(writer), "disk writer");
  // An address only: the rank must not keep the actor alive.
  here.on_go_ahead([at = caf::actor_cast<caf::actor_addr>(writer)] {
    caf::anon_send(caf::actor_cast<caf::actor>(at), allow_changes{});
  });
}

caf::error worker_node::parts::link() {
  const auto& settings = options.settings;
  auto loaded = load_secret(settings.secret_file.string());
  if (!loaded)
    return std::move(loaded.error());
  secret = *loaded;
  const auto& url = settings.controller_pull_url;
  for (auto& each : ranks)
    each->here.profile.ip =
      advertised(settings, settings.p2p_host.is_loopback() ? host_address{}
                                                           : settings.p2p_host)
        .text();
  connector_options link;
  link.host = url->host;
  link.port = url->port == 0 ? default_link_port : url->port;
  link.secret = secret;
  connector = std::make_shared<link_connector>(*system, std::move(link));
  dialer = system->spawn(kvc::dialer, connector);
  return caf::none;
}

caf::error worker_node::parts::link_peers() {
  std::vector<rank*> members;
  for (auto& each : ranks)
    members.push_back(&each->here);
  auto started = peer_side::start(*system, options.settings, secret, members);
  if (!started)
    return std::move(started.error());
  peers = std::move(*started);
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& bound = peers->bound(i);
    members[i]->profile.ip = advertised(options.settings, bound.host).text();
    members[i]->profile.port = bound.port;
  }
  return caf::none;
}

void worker_node::parts::spawn_worker(rank_parts& of,
                                      const std::function<void()>& on_failure) {
  worker_settings settings;
  settings.dialer = dialer;
  settings.process = process;
  settings.hashing = hashing;
  settings.canary = canary(hashing);
  settings.heartbeat = options.settings.lmcache_worker_heartbeat_time;
  settings.dial_timeout = dial_timeout(connector->options());
  const auto actor = caf::actor_cast<worker_actor>(system->spawn(
    worker, &of.here, reporter_sources{of.hub, *of.engine}, settings));
  of.here.set_worker(actor);
  actor->attach_functor([this, on_failure] {
    if (!is_stopping) {
      spdlog::critical("worker: a worker actor has died");
      on_failure();
    }
  });
}

void worker_node::parts::stop() {
  for (auto& each : ranks) {
    if (const auto actor = each->here.worker())
      caf::anon_send(caf::actor_cast<caf::actor>(actor), leave{});
    each->here.forget_actors();
  }
  if (peers)
    peers->stop();
  // The dialer is needed by workers that are dialing until they have left.
  if (connector)
    connector->stop();
  if (dialer)
    caf::anon_send_exit(dialer, caf::exit_reason::user_shutdown);
  dialer = nullptr;
  commands.stop();  // Its jobs keep actors alive.
  drain_disks(*system, std::exchange(disk_writers, {}));
  { const std::unique_lock others_are_over{calls}; }
  peers.reset();
  system.reset();
  if (changes)
    changes->flush();
}

worker_node::worker_node(std::shared_ptr<parts> running)
    : parts_(std::move(running)) {}

worker_node::~worker_node() { stop(); }

caf::expected<std::unique_ptr<worker_node>> worker_node::start(
  const worker_node_options& options, const std::function<void()>& on_failure) {
  const logger_release release;  // stop() may be called by another thread.
  const auto& settings = options.settings;
  if (auto objection = objection_to(options))
    return objection;
  if (settings.enable_p2p)
    if (auto trouble = prepare_transport(); !trouble.empty())
      return caf::make_error(errc::invalid_request, "enable_p2p: " + trouble);
  auto hashing = make_hash_settings(settings.pre_caching_hash_algorithm,
                                    settings.chunk_size, settings.none_hash);
  if (!hashing)
    return std::move(hashing.error());
  std::unique_ptr<worker_node> node{
    new worker_node{std::make_shared<parts>(options)}};
  auto& running = *node->parts_;
  running.hashing = *hashing;
  if (auto error = running.make_ranks())
    return error;
  if (!settings.enable_controller)
    return node;
  if (auto error = running.link())
    return error;
  if (settings.enable_p2p)
    if (auto error = running.link_peers())
      return error;
  for (auto& each : running.ranks)
    running.spawn_worker(*each, on_failure);
  if (running.peers)
    running.peers->begin_gathering(running.engines);
  return node;
}

std::span<cache_engine* const> worker_node::engines() const {
  return parts_->engines;
}

bool worker_node::wait_until_registered(
  std::chrono::milliseconds patience) const {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  return std::all_of(
    parts_->ranks.begin(), parts_->ranks.end(),
    [=](const auto& x) { return x->here.is_registered_by(deadline); });
}

caf::expected<std::vector<prefix_match>> worker_node::find_prefixes(
  std::span<const std::uint64_t> hashes) const {
  const std::shared_lock call{parts_->calls};
  if (parts_->is_stopping)
    return caf::make_error(errc::not_ready, "stopped");
  lookup_actor target;
  for (const auto& each : parts_->ranks)
    if (auto found = each->here.lookups())
      target = std::move(found);
  if (!target)
    return caf::make_error(errc::not_ready, "no link");
  caf::expected<std::vector<prefix_match>> result{errc::timed_out};
  const logger_release release;
  caf::scoped_actor self{*parts_->system};
  self
    ->request(target, lookup_timeout,
              kvc::find_prefixes{{{hashes.begin(), hashes.end()}},
                                 parts_->options.settings.model})
    .receive(
      [&](std::vector<prefix_match>& matches) { result = std::move(matches); },
      [&](caf::error& why) { result = std::move(why); });
  return result;
}

void worker_node::set_secret(const std::string& secret) {
  const std::shared_lock call{parts_->calls};
  if (parts_->is_stopping)
    return;
  if (parts_->connector)
    parts_->connector->set_secret(secret);
  if (parts_->peers)
    parts_->peers->set_secret(secret);
}

void worker_node::flush_journal() {
  if (parts_->changes)
    parts_->changes->flush();
}

void worker_node::stop() {
  if (parts_->is_stopping.exchange(true))
    return;
  { const logger_release own; }  // A start() that fails has it still.
  if (!ends_within(parts_->options.stop_patience,
                   [running = parts_] { running->stop(); }))
    spdlog::error("worker: not stopped in time, goes on in the background");
}

}  // namespace kvc
