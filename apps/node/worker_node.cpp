#include "apps/node/worker_node.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "actors/worker/worker.hpp"
#include "apps/node/hashing_options.hpp"
#include "apps/node/journal.hpp"
#include "apps/node/peer_side.hpp"
#include "apps/node/process.hpp"
#include "apps/node/rank_disk.hpp"
#include "messages/errors.hpp"
#include "net/link/connector.hpp"
#include "net/link/dialer.hpp"
#include "net/link/secret.hpp"
#include "net/link/system.hpp"

#include <spdlog/spdlog.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

namespace kvc {

namespace {

constexpr std::uint16_t default_link_port = 9001;
constexpr std::chrono::milliseconds lookup_timeout{1'000};

/// Returns entry `rank` of a list that may be shorter, else 0.
std::uint16_t port_of(const std::vector<std::uint16_t>& ports,
                      std::uint32_t rank) {
  return rank < ports.size() ? ports[rank] : std::uint16_t{0};
}

/// Half of the cores: the engine's own work comes first.
std::size_t command_threads() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 8);
}

}  // namespace

struct worker_node::parts {
  /// Everything of one rank.
  struct rank_parts {
    change_hub hub;
    std::unique_ptr<membership_listener> log;  ///< Before the hub, if any.
    std::unique_ptr<transport> copier;         ///< Null without peer to peer.
    std::unique_ptr<cache_engine> engine;
    std::atomic<std::uint64_t> epoch = 0;  ///< Of the latest welcome.
    worker_actor actor;  ///< Null once stopped, or without a controller.
  };

  explicit parts(worker_node_options chosen) : options(std::move(chosen)) {
    configure_link(config, std::max(2U, std::thread::hardware_concurrency()));
    add_messages(config);
    system.emplace(config);
  }

  worker_node_options options;
  hash_settings hashing;
  incarnation process{unix_time_ns(), random_number()};
  std::unique_ptr<journal> changes;  ///< If they are written.
  std::vector<std::unique_ptr<rank_parts>> ranks;
  std::vector<cache_engine*> engines;
  std::vector<disk_writer_actor> disk_writers;
  work_pool commands{command_threads()};  ///< Does the work of commands.
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  std::string secret;
  std::shared_ptr<link_connector> connector;
  dialer_actor dialer;
  std::unique_ptr<peer_side> peers;  ///< Null without peer to peer.
  std::atomic<bool> is_stopping = false;

  mutable std::mutex mutex;
  mutable std::condition_variable has_registered;
  lookup_actor lookups;  ///< Of the latest welcome.

  worker_actor worker_of(const rank_parts& rank) const;
  lookup_actor current_lookups() const;

  caf::error make_engines();
  caf::error link();
  caf::error link_peers();
  std::string own_host() const;
  worker_profile make_profile(std::size_t index) const;
  void spawn_worker(std::size_t index, const std::function<void()>& on_failure);
  command_services make_command_services(std::size_t index);
  void note_welcome(rank_parts& rank, const welcome& answer);
  void forget_lookups();
  void stop();
};

caf::error worker_node::parts::make_engines() {
  if (!options.journal.empty()) {
    auto opened = journal::open(options.journal);
    if (!opened)
      return std::move(opened.error());
    changes = std::move(*opened);
  }
  for (const auto& hosted : options.ranks) {
    auto& rank = *ranks.emplace_back(std::make_unique<rank_parts>());
    membership_listener* listener = &rank.hub;
    if (changes) {
      rank.log = changes->listener({hosted.instance, hosted.rank}, &rank.hub);
      listener = rank.log.get();
    }
    cache_engine_options engine;
    engine.hashing = hashing;
    engine.save_unfull_chunk = options.settings.save_unfull_chunk;
    engine.capacity_bytes =
      options.settings.local_cpu ? options.settings.max_local_cpu_bytes : 0;
    if (options.settings.enable_p2p) {
      auto copier = open_rank_transport(options.settings, hosted.rank);
      if (!copier)
        return std::move(copier.error());
      rank.copier = std::move(*copier);
      engine.region = rank.copier->memory();
      engine.keeps_checksums = true;
    }
    engine.bytes_per_token = options.bytes_per_token;
    engine.format = options.format;
    engine.listener = listener;
    auto disk = open_rank_disk(options, hosted, hashing, listener);
    if (!disk)
      return std::move(disk.error());
    auto* const files = disk->get();
    engine.disk = std::move(*disk);
    auto made = cache_engine::make(std::move(engine));
    if (!made)
      return std::move(made.error());
    rank.engine = std::move(*made);
    engines.push_back(rank.engine.get());
    if (files != nullptr)
      disk_writers.push_back(system->spawn<caf::detached>(disk_writer, files));
  }
  return caf::none;
}

caf::error worker_node::parts::link() {
  auto loaded = load_secret(options.settings.secret_file.string());
  if (!loaded)
    return std::move(loaded.error());
  secret = *loaded;
  const auto& url = options.settings.controller_pull_url;
  connector_options link;
  link.host = url->host;
  link.port = url->port == 0 ? default_link_port : url->port;
  link.secret = secret;
  connector = std::make_shared<link_connector>(*system, std::move(link));
  dialer = system->spawn(kvc::dialer, connector);
  return caf::none;
}

caf::error worker_node::parts::link_peers() {
  std::vector<peer_rank> members;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    auto& rank = *ranks[i];
    const auto& hosted = options.ranks[i];
    members.push_back(
      {{hosted.instance, hosted.rank},
       rank.engine.get(),
       rank.copier.get(),
       port_of(options.settings.lmcache_worker_ports, hosted.rank),
       [&rank] { return rank.epoch.load(); },
       [this, &rank] { return worker_of(rank); },
       [this] { return current_lookups(); }});
  }
  auto started = peer_side::start(
    *system, options.settings, secret, std::move(members),
    [this](work_pool::job work) { commands.submit(std::move(work)); });
  if (!started)
    return std::move(started.error());
  peers = std::move(*started);
  return caf::none;
}

std::string worker_node::parts::own_host() const {
  const auto& settings = options.settings;
  return settings.p2p_host.empty()
           ? local_address_towards(settings.controller_pull_url->host)
           : settings.p2p_host;
}

worker_profile worker_node::parts::make_profile(std::size_t index) const {
  const auto& settings = options.settings;
  const auto& rank = options.ranks[index];
  worker_profile profile;
  profile.id = {rank.instance, rank.rank};
  profile.rank_count = rank.rank_count;
  profile.model = settings.model;
  profile.ip = own_host();
  profile.port = port_of(settings.lmcache_worker_ports, rank.rank);
  if (!peers)
    return profile;
  const auto& copier = *ranks[index]->copier;
  profile.port = peers->port(index);
  profile.peer_url = settings.p2p_host + ':' + std::to_string(copier.port());
  profile.transfer_address = copier.address();
  return profile;
}

worker_actor worker_node::parts::worker_of(const rank_parts& rank) const {
  const std::lock_guard lock{mutex};
  return rank.actor;
}

lookup_actor worker_node::parts::current_lookups() const {
  const std::lock_guard lock{mutex};
  return lookups;
}

void worker_node::parts::note_welcome(rank_parts& rank, const welcome& answer) {
  const std::lock_guard lock{mutex};
  lookups = answer.lookups;
  rank.epoch = answer.epoch;
  has_registered.notify_all();
}

command_services worker_node::parts::make_command_services(std::size_t index) {
  auto* const engine = ranks[index]->engine.get();
  return {[this](work_pool::job work) { commands.submit(std::move(work)); },
          [engine](location where) { return engine->at(where); },
          [engine]() -> caf::expected<command_result> {
            if (auto trouble = engine->check_memory(); !trouble.empty())
              return command_result{.code = -1, .detail = std::move(trouble)};
            if (auto trouble = engine->check_disk(); !trouble.empty())
              return caf::make_error(errc::io_failed, std::move(trouble));
            return command_result{};
          },
          engine->memory(),
          engine->disk(),
          peers ? peers->transfers(index) : nullptr};
}

/// A request over a lost link would only time out.
void worker_node::parts::forget_lookups() {
  const std::lock_guard lock{mutex};
  lookups = nullptr;
}

void worker_node::parts::spawn_worker(std::size_t index,
                                      const std::function<void()>& on_failure) {
  auto& rank = *ranks[index];
  worker_settings settings;
  settings.profile = make_profile(index);
  settings.process = process;
  settings.hashing = hashing;
  settings.canary = canary(hashing);
  settings.heartbeat = options.settings.lmcache_worker_heartbeat_time;
  settings.dial_timeout = dial_timeout(connector->options());
  worker_services services{
    dialer,
    rank.hub,
    *rank.engine,
    make_command_services(index),
    [this, &rank](const welcome& answer) { note_welcome(rank, answer); },
    [this] { forget_lookups(); }};
  const auto actor =
    caf::actor_cast<worker_actor>(system->spawn(worker, services, settings));
  {
    const std::lock_guard lock{mutex};
    rank.actor = actor;
  }
  actor->attach_functor([this, on_failure] {
    if (!is_stopping) {
      spdlog::critical("worker: a worker actor has died");
      on_failure();
    }
  });
}

void worker_node::parts::stop() {
  is_stopping = true;
  for (auto& rank : ranks) {
    if (const auto actor = worker_of(*rank))
      caf::anon_send(caf::actor_cast<caf::actor>(actor), leave{});
    const std::lock_guard lock{mutex};
    rank->actor = nullptr;
  }
  forget_lookups();
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
  peers.reset();
  system.reset();
  if (changes)
    changes->flush();
}

worker_node::worker_node(std::unique_ptr<parts> running)
    : parts_(std::move(running)) {}

worker_node::~worker_node() { stop(); }

caf::expected<std::unique_ptr<worker_node>> worker_node::start(
  const worker_node_options& options, const std::function<void()>& on_failure) {
  const auto& settings = options.settings;
  auto hashing = make_hash_settings(settings.pre_caching_hash_algorithm,
                                    settings.chunk_size, settings.none_hash);
  if (!hashing)
    return std::move(hashing.error());
  std::unique_ptr<worker_node> node{
    new worker_node{std::make_unique<parts>(options)}};
  auto& running = *node->parts_;
  running.hashing = *hashing;
  if (auto error = running.make_engines())
    return error;
  if (!settings.enable_controller)
    return node;
  if (auto error = running.link())
    return error;
  if (settings.enable_p2p)
    if (auto error = running.link_peers())
      return error;
  for (std::size_t i = 0; i < running.ranks.size(); ++i)
    running.spawn_worker(i, on_failure);
  if (running.peers)
    running.peers->begin_gathering(running.own_host());
  return node;
}

std::span<cache_engine* const> worker_node::engines() const {
  return parts_->engines;
}

bool worker_node::wait_until_registered(
  std::chrono::milliseconds patience) const {
  std::unique_lock lock{parts_->mutex};
  return parts_->has_registered.wait_for(lock, patience, [this] {
    return std::all_of(parts_->ranks.begin(), parts_->ranks.end(),
                       [](const auto& rank) { return rank->epoch != 0; });
  });
}

caf::expected<std::vector<prefix_match>> worker_node::find_prefixes(
  std::span<const std::uint64_t> hashes) const {
  const auto target = parts_->current_lookups();
  if (!target)
    return caf::make_error(errc::not_ready, "no link");
  caf::expected<std::vector<prefix_match>> result{errc::timed_out};
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

void worker_node::flush_journal() {
  if (parts_->changes)
    parts_->changes->flush();
}

void worker_node::stop() {
  if (parts_->system)
    parts_->stop();
}

}  // namespace kvc
