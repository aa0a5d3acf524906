#include "apps/node/worker_node.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "actors/worker/worker.hpp"
#include "apps/node/hashing_options.hpp"
#include "apps/node/journal.hpp"
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
    std::unique_ptr<cache_engine> engine;
    std::atomic<bool> is_registered = false;
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
  std::shared_ptr<link_connector> connector;
  dialer_actor dialer;
  std::atomic<bool> is_stopping = false;

  mutable std::mutex mutex;
  mutable std::condition_variable has_registered;
  lookup_actor lookups;  ///< Of the latest welcome.

  caf::error make_engines();
  caf::error link();
  worker_profile make_profile(const hosted_rank& rank) const;
  void spawn_worker(std::size_t index, const std::function<void()>& on_failure);
  command_services make_command_services(rank_parts& rank);
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
  auto secret = load_secret(options.settings.secret_file.string());
  if (!secret)
    return std::move(secret.error());
  const auto& url = options.settings.controller_pull_url;
  connector_options link;
  link.host = url->host;
  link.port = url->port == 0 ? default_link_port : url->port;
  link.secret = *secret;
  connector = std::make_shared<link_connector>(*system, std::move(link));
  dialer = system->spawn(kvc::dialer, connector);
  return caf::none;
}

worker_profile worker_node::parts::make_profile(const hosted_rank& rank) const {
  const auto& settings = options.settings;
  worker_profile profile;
  profile.id = {rank.instance, rank.rank};
  profile.rank_count = rank.rank_count;
  profile.model = settings.model;
  profile.ip = settings.p2p_host.empty()
                 ? local_address_towards(settings.controller_pull_url->host)
                 : settings.p2p_host;
  profile.port = port_of(settings.lmcache_worker_ports, rank.rank);
  if (settings.enable_p2p)
    profile.peer_url =
      settings.p2p_host + ':' +
      std::to_string(port_of(settings.p2p_init_ports, rank.rank));
  return profile;
}

void worker_node::parts::note_welcome(rank_parts& rank, const welcome& answer) {
  const std::lock_guard lock{mutex};
  lookups = answer.lookups;
  rank.is_registered = true;
  has_registered.notify_all();
}

command_services worker_node::parts::make_command_services(rank_parts& rank) {
  return {
    [this](work_pool::job work) { commands.submit(std::move(work)); },
    [engine = rank.engine.get()](location where) { return engine->at(where); },
    [engine = rank.engine.get()]() -> caf::expected<command_result> {
      if (auto trouble = engine->check_memory(); !trouble.empty())
        return command_result{.code = -1, .detail = std::move(trouble)};
      if (auto trouble = engine->check_disk(); !trouble.empty())
        return caf::make_error(errc::io_failed, std::move(trouble));
      return command_result{};
    }};
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
  settings.profile = make_profile(options.ranks[index]);
  settings.process = process;
  settings.hashing = hashing;
  settings.canary = canary(hashing);
  settings.heartbeat = options.settings.lmcache_worker_heartbeat_time;
  settings.dial_timeout = dial_timeout(connector->options());
  worker_services services{
    dialer,
    rank.hub,
    *rank.engine,
    make_command_services(rank),
    [this, &rank](const welcome& answer) { note_welcome(rank, answer); },
    [this] { forget_lookups(); }};
  rank.actor =
    caf::actor_cast<worker_actor>(system->spawn(worker, services, settings));
  rank.actor->attach_functor([this, on_failure] {
    if (!is_stopping) {
      spdlog::critical("worker: a worker actor has died");
      on_failure();
    }
  });
}

void worker_node::parts::stop() {
  is_stopping = true;
  for (auto& rank : ranks) {
    if (rank->actor)
      caf::anon_send(caf::actor_cast<caf::actor>(rank->actor), leave{});
    rank->actor = nullptr;
  }
  forget_lookups();
  // The dialer is needed by workers that are dialing until they have left.
  if (connector)
    connector->stop();
  if (dialer)
    caf::anon_send_exit(dialer, caf::exit_reason::user_shutdown);
  dialer = nullptr;
  commands.stop();  // Its jobs keep actors alive.
  drain_disks(*system, std::exchange(disk_writers, {}));
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
  for (std::size_t i = 0; i < running.ranks.size(); ++i)
    running.spawn_worker(i, on_failure);
  return node;
}

std::span<cache_engine* const> worker_node::engines() const {
  return parts_->engines;
}

bool worker_node::wait_until_registered(
  std::chrono::milliseconds patience) const {
  std::unique_lock lock{parts_->mutex};
  return parts_->has_registered.wait_for(lock, patience, [this] {
    return std::all_of(
      parts_->ranks.begin(), parts_->ranks.end(),
      [](const auto& rank) { return rank->is_registered.load(); });
  });
}

caf::expected<std::vector<prefix_match>> worker_node::find_prefixes(
  std::span<const std::uint64_t> hashes) const {
  lookup_actor target;
  {
    const std::lock_guard lock{parts_->mutex};
    target = parts_->lookups;
  }
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
