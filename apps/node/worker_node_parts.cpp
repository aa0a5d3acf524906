#include "apps/node/worker_node_parts.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "apps/node/rank_disk.hpp"
#include "messages/errors.hpp"
#include "net/link/dialer.hpp"
#include "net/link/secret.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>

#include <algorithm>
#include <thread>

namespace kvc {

namespace {

constexpr std::uint16_t default_link_port = 9001;

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

worker_node::parts::parts(worker_node_options chosen)
    : options(std::move(chosen)), commands(command_threads()) {
  configure_link(config, std::max(2U, std::thread::hardware_concurrency()));
  add_messages(config);
  system.emplace(config);
}

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
            if (auto trouble = engine->check_cpu(); !trouble.empty())
              return command_result{.code = -1, .detail = std::move(trouble)};
            if (auto trouble = engine->check_disk(); !trouble.empty())
              return caf::make_error(errc::io_failed, std::move(trouble));
            return command_result{};
          },
          engine->cpu(),
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

}  // namespace kvc
