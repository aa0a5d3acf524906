#include "actors/hashing/chunk_hasher.hpp"
#include "actors/worker/worker.hpp"
#include "apps/bench/cluster.hpp"
#include "apps/bench/parts.hpp"
#include "apps/bench/statistics.hpp"
#include "apps/node/process.hpp"
#include "messages/errors.hpp"
#include "net/link/connector.hpp"
#include "net/link/dialer.hpp"
#include "net/link/secret.hpp"
#include "net/link/system.hpp"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <numeric>

namespace kvc {

namespace {

constexpr std::chrono::seconds patience{60};
constexpr std::uint64_t odd =
  0x9e3779b97f4a7c15U;  ///< Makes hashes of numbers.

/// A worker that holds nothing at first and then what it is told to admit.
class empty_source : public membership_source {
 public:
  scan_step scan(location, std::uint64_t, std::size_t) const override {
    return {};
  }
  std::vector<location_usage> usage() const override {
    return {location_usage{}};
  }
};

/// One worker, linked to the controller.
class bench_worker {
 public:
  explicit bench_worker(std::uint16_t link_port) {
    configure_link(config_, 2);
    add_messages(config_);
    system_.emplace(config_);
    connector_options link;
    link.host = "127.0.0.1";
    link.port = link_port;
    if (auto secret = load_secret(""))
      link.secret = *secret;
    connector_ = std::make_shared<link_connector>(*system_, link);
    dialer_ = system_->spawn(dialer, connector_);
    worker_settings settings;
    rank_.profile.id = {"bench-ingest", 0};
    rank_.submit = [](const work_pool::job& work) { work(); };
    settings.dialer = dialer_;
    settings.process = {unix_time_ns(), random_number()};
    settings.canary = canary(settings.hashing);
    worker_ = caf::actor_cast<worker_actor>(system_->spawn(
      worker, &rank_, reporter_sources{hub_, source_}, settings));
  }

  bench_worker(const bench_worker&) = delete;
  bench_worker& operator=(const bench_worker&) = delete;

  ~bench_worker() {
    rank_.forget_actors();
    caf::anon_send(caf::actor_cast<caf::actor>(worker_), leave{});
    worker_ = nullptr;
    connector_->stop();
    caf::anon_send_exit(dialer_, caf::exit_reason::user_shutdown);
    dialer_ = nullptr;
  }

  bool wait_until_registered() {
    return rank_.is_registered_by(std::chrono::steady_clock::now() + patience);
  }

  change_hub& hub() { return hub_; }

  bool finds(std::uint64_t hash) {
    caf::scoped_actor self{*system_};
    auto is_found = false;
    self->request(rank_.lookups(), patience, find_prefixes{{{hash}}, ""})
      .receive(
        [&](const std::vector<prefix_match>& x) { is_found = !x.empty(); },
        [](const caf::error&) {});
    return is_found;
  }

 private:
  change_hub hub_;
  empty_source source_;
  rank rank_;
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
  std::shared_ptr<link_connector> connector_;
  dialer_actor dialer_;
  worker_actor worker_;
};

/// Admits `keys` made-up chunks, `keys_per_call` at a time, through the link of
/// one worker in this process, and waits until lookups find the last ones.
/// Returns memberships per second.
caf::expected<double> measure_ingest(std::uint16_t link_port,
                                     std::uint64_t keys,
                                     std::size_t keys_per_call) {
  using clock = std::chrono::steady_clock;
  bench_worker worker{link_port};
  if (!worker.wait_until_registered())
    return caf::make_error(errc::timed_out, "registration");
  const auto begin = clock::now();
  std::vector<std::uint64_t> hashes(keys_per_call);
  const auto layout = worker.hub().shards();
  std::vector<std::uint64_t> last_by_shard(layout.shard_count);
  for (auto i = keys; i > keys - std::min(keys, std::uint64_t{64'000}); --i) {
    auto& last = last_by_shard[shard_of(i * odd, layout.key_multiplier,
                                        layout.shard_count)];
    last = last == 0 ? i * odd : last;
  }
  for (std::uint64_t admitted = 0; admitted < keys; admitted += keys_per_call) {
    for (std::size_t i = 0; i < keys_per_call; ++i)
      hashes[i] = (admitted + i + 1) * odd;
    worker.hub().chunks_admitted(location::cpu, hashes);
  }
  // Reports come in order within a shard.
  for (const auto hash : last_by_shard) {
    while (!worker.finds(hash)) {
      if (clock::now() - begin > patience)
        return caf::make_error(errc::timed_out, "visibility");
    }
  }
  const std::chrono::duration<double> elapsed = clock::now() - begin;
  return static_cast<double>(keys) / elapsed.count();
}

}  // namespace

caf::expected<void> ingest_part(const bench_options& options) {
  print("\nMemberships reported, until visible in lookups, one worker:");
  for (const std::size_t keys_per_call : {2'000U, 50U, 1U}) {
    std::vector<double> rates;
    for (std::size_t i = 0; i < options.repetitions; ++i) {
      auto cluster = bench_cluster::start(options.folder);
      if (!cluster)
        return std::move(cluster.error());
      const auto rate = measure_ingest(cluster->link_port(),
                                       4 * options.memberships, keys_per_call);
      if (!rate)
        return rate.error();
      rates.push_back(*rate);
    }
    print(fmt::format("  {:>5} keys a call   {:>6.2f} million /s",
                      keys_per_call, median(rates) / 1e6));
    options.figures->add({{"part", "ingest"},
                          {"memberships", 4 * options.memberships},
                          {"keys_per_call", keys_per_call},
                          {"per_second", rates}});
  }
  return caf::unit;
}

}  // namespace kvc
