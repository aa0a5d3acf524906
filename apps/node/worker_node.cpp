#include "apps/node/hashing_options.hpp"
#include "apps/node/worker_node_parts.hpp"
#include "messages/errors.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>

namespace kvc {

namespace {

constexpr std::chrono::milliseconds lookup_timeout{1'000};

}  // namespace

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
