#include "apps/node/peer_side.hpp"

#include "actors/peers/peer_gate.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>

namespace kvc {

caf::expected<std::unique_ptr<transport>> open_rank_transport(
  const worker_options& settings, std::uint32_t rank) {
  transport_options options;
  options.memory_bytes = settings.max_local_cpu_bytes;
  options.host = settings.p2p_host;
  options.port = rank < settings.p2p_init_ports.size()
                   ? settings.p2p_init_ports[rank]
                   : std::uint16_t{0};
  options.allow_shared_memory = settings.p2p_transport == "auto";
  auto opened = open_transport(options);
  for (const auto& warning : opened.warnings)
    spdlog::warn("worker: transport rank={} {}", rank, warning);
  if (!opened.value)
    return caf::make_error(errc::invalid_request,
                           "enable_p2p: " + opened.error);
  return std::move(opened.value);
}

caf::expected<std::unique_ptr<peer_side>> peer_side::start(
  caf::actor_system& system, const worker_options& settings,
  const std::string& secret, std::vector<peer_rank> ranks,
  const std::function<void(work_pool::job)>& submit) {
  std::unique_ptr<peer_side> result{
    new peer_side{system, settings, std::move(ranks)}};
  std::map<worker_id, peer_actor> lenders;
  for (const auto& rank : result->ranks_) {
    const lender_services services{rank.id,
                                   rank.epoch,
                                   rank.engine->cpu(),
                                   rank.engine->disk(),
                                   rank.engine->format(),
                                   submit,
                                   rank.worker};
    auto actor = system.spawn(lender, services, lender_options{});
    lenders.emplace(rank.id, caf::actor_cast<peer_actor>(actor));
    result->actors_.push_back(caf::actor_cast<caf::actor>(actor));
  }
  const auto gate = system.spawn(peer_gate, lenders);
  result->actors_.push_back(caf::actor_cast<caf::actor>(gate));
  if (auto error = result->open_ports(secret, gate)) {
    result->stop();
    return error;
  }
  for (const auto& rank : result->ranks_)
    result->transfers_.push_back(
      std::make_shared<const transfer_services>(transfer_services{
        result->links_->dialer(), rank.copier, rank.engine->cpu(),
        rank.engine->disk(), rank.engine->bytes_per_token(), submit}));
  return result;
}

caf::error peer_side::open_ports(const std::string& secret,
                                 const peer_actor& gate) {
  links_.emplace(*system_, gate, peer_link_options{.secret = secret});
  for (const auto& rank : ranks_) {
    auto port = links_->listen(settings_->p2p_host, rank.port);
    if (!port)
      return std::move(port.error());
    ports_.push_back(*port);
  }
  return caf::none;
}

void peer_side::begin_gathering(const std::string& host) {
  gather_options options;
  options.patience = settings_->p2p_timeout;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const auto& rank = ranks_[i];
    const gather_services services{rank.id, settings_->model, host,
                                   rank.lookups, *transfers_[i]};
    auto actor = system_->spawn(gatherer, services, options);
    actors_.push_back(caf::actor_cast<caf::actor>(actor));
    rank.engine->set_peers(
      std::make_shared<gathering_peers>(*system_, actor, options.patience));
  }
}

void peer_side::stop() {
  for (const auto& rank : ranks_)
    rank.engine->set_peers(nullptr);
  for (const auto& actor : actors_)
    caf::anon_send<caf::message_priority::high>(
      actor, caf::exit_msg{actor.address(), caf::exit_reason::user_shutdown});
  actors_.clear();
  transfers_.clear();
  if (links_)
    links_->stop();
  for (const auto& rank : ranks_)
    rank.copier->stop();
}

}  // namespace kvc
