#include "apps/node/peer_side.hpp"

#include "actors/peers/peer_gate.hpp"
#include "apps/node/death_log.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"

#include <caf/send.hpp>

namespace kvc {

caf::expected<std::unique_ptr<transport>> open_rank_transport(
  const worker_options& settings, std::uint32_t rank_number) {
  transport_options options;
  options.memory_bytes = settings.max_local_cpu_bytes;
  options.host = settings.p2p_host.text();
  options.port = port_of(settings.p2p_init_ports, rank_number);
  options.allow_shared_memory = settings.p2p_transport == "auto";
  auto opened = open_transport(options);
  for (const auto& warning : opened.warnings)
    spdlog::warn("worker: transport rank={} {}", rank_number, warning);
  if (!opened.value)
    return caf::make_error(errc::invalid_request,
                           "enable_p2p: " + opened.error);
  return std::move(opened.value);
}

std::uint16_t port_of(const std::vector<std::uint16_t>& ports,
                      std::uint32_t rank_number) {
  return rank_number < ports.size() ? ports[rank_number] : std::uint16_t{0};
}

caf::expected<std::unique_ptr<peer_side>> peer_side::start(
  caf::actor_system& system, const worker_options& settings,
  const std::string& secret, std::vector<rank*> ranks) {
  std::unique_ptr<peer_side> result{
    new peer_side{system, settings, std::move(ranks)}};
  std::map<worker_id, peer_actor> lenders;
  for (const auto* here : result->ranks_) {
    auto actor = system.spawn(lender, std::cref(*here), lender_options{});
    lenders.emplace(here->id(), caf::actor_cast<peer_actor>(actor));
    result->keep(caf::actor_cast<caf::actor>(actor), "lender");
  }
  const auto gate = system.spawn(peer_gate, lenders);
  result->keep(caf::actor_cast<caf::actor>(gate), "peer gate");
  if (auto error = result->open_ports(secret, gate)) {
    result->stop();
    return error;
  }
  for (auto* here : result->ranks_)
    here->set_dialer(result->links_->dialer());
  return result;
}

void peer_side::keep(const caf::actor& actor, const char* what) {
  log_death_of(actor, what);
  actors_.push_back(actor);
}

caf::error peer_side::open_ports(const std::string& secret,
                                 const peer_actor& gate) {
  links_.emplace(*system_, gate, peer_link_options{.secret = secret});
  for (const auto* here : ranks_) {
    auto bound =
      links_->listen(settings_->p2p_host,
                     port_of(settings_->lmcache_worker_ports, here->id().rank));
    if (!bound)
      return std::move(bound.error());
    bound_.push_back(std::move(*bound));
  }
  return caf::none;
}

void peer_side::begin_gathering(std::span<cache_engine* const> engines) {
  engines_ = engines;
  gather_options options;
  options.patience = settings_->p2p_timeout;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    auto actor = system_->spawn(gatherer, std::cref(*ranks_[i]), options);
    keep(caf::actor_cast<caf::actor>(actor), "gatherer");
    engines_[i]->set_peers(sources_.emplace_back(
      std::make_shared<gathering_peers>(*system_, actor, options.patience)));
  }
}

void peer_side::stop() {
  for (auto* engine : engines_)
    engine->set_peers(nullptr);
  for (const auto& actor : actors_)
    caf::anon_send<caf::message_priority::high>(
      actor, caf::exit_msg{actor.address(), caf::exit_reason::user_shutdown});
  actors_.clear();
  for (const auto& source : sources_)
    source->stop();
  if (links_)
    links_->stop();
  for (const auto* here : ranks_)
    here->transport->stop();
}

}  // namespace kvc
