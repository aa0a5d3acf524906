#include "apps/worker/work.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "apps/node/hashing_options.hpp"
#include "apps/worker/prompts.hpp"
#include "apps/workload/fill.hpp"
#include "apps/workload/replay.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"

#include <algorithm>

namespace kvc {

namespace {

/// How long a replay waits for the controller, of whom it wants routes.
constexpr std::chrono::milliseconds registration_patience{5'000};

/// Groups the engines by instance.
std::vector<replay_instance> instances_of(const worker_node& node,
                                          const worker_node_options& options) {
  std::vector<replay_instance> result;
  for (std::size_t i = 0; i < options.ranks.size(); ++i) {
    const auto& name = options.ranks[i].instance;
    if (result.empty() || result.back().name != name)
      result.push_back({name, {}});
    result.back().ranks.push_back(node.engines()[i]);
  }
  return result;
}

/// Routes by what the controller knows: to the first listed that is ours.
route_function route_by_controller(
  const worker_node& node, const std::vector<replay_instance>& instances) {
  return
    [&](std::span<const std::uint64_t> hashes) -> std::optional<std::size_t> {
      const auto matches = node.find_prefixes(hashes);
      if (!matches)
        return std::nullopt;
      for (const auto& match : *matches) {
        for (std::size_t i = 0; i < instances.size(); ++i) {
          if (instances[i].name == match.instance)
            return i;
        }
      }
      return std::nullopt;
    };
}

caf::expected<void> replay_trace(worker_node& node, const worker_flags& flags,
                                 const worker_node_options& options,
                                 const chunk_hasher& hasher,
                                 const std::stop_token& stop) {
  const auto instances = instances_of(node, options);
  replay_options settings;
  settings.hasher = &hasher;
  settings.bytes_per_token = options.bytes_per_token;
  settings.time_scale = flags.time_scale;
  if (options.settings.enable_controller && flags.route == "prefix")
    settings.route = route_by_controller(node, instances);
  else
    settings.route = [](auto) -> std::optional<std::size_t> { return {}; };
  settings.on_progress = [](const replay_totals& totals) {
    spdlog::info("replay: running {}", to_string(totals));
  };
  do {
    auto trace = trace_reader::open(flags.replay);
    if (!trace)
      return std::move(trace.error());
    trace->repeat(static_cast<std::uint32_t>(flags.replay_copies));
    const auto totals = replay(*trace, instances, settings, stop);
    if (!totals)
      return totals.error();
    node.flush_journal();
    spdlog::info("replay: {} {}", stop.stop_requested() ? "stopped" : "done",
                 to_string(*totals));
    if (totals->wrong_bytes > 0)
      return caf::make_error(errc::invalid_request, "wrong bytes retrieved");
  } while (flags.replays_for_ever && !stop.stop_requested());
  return caf::unit;
}

}  // namespace

caf::expected<void> work(worker_node& node, const worker_flags& flags,
                         const worker_node_options& options,
                         const std::stop_token& stop) {
  const auto& settings = options.settings;
  const auto hashing =
    make_hash_settings(settings.pre_caching_hash_algorithm, settings.chunk_size,
                       settings.none_hash);
  if (!hashing)
    return hashing.error();
  const chunk_hasher hasher{*hashing, settings.save_unfull_chunk};
  const prompt_context context{node, options, hasher};
  if (!flags.prompt.empty()) {
    if (auto stored = store_prompt(context, flags.prompt); !stored)
      return stored;
  }
  const made_up_prompts prompts{flags.fill_seed, settings.chunk_size};
  if (auto filled =
        fill(node.engines(), prompts, flags.fill, options.bytes_per_token);
      !filled)
    return filled;
  node.flush_journal();
  if (flags.fill > 0)
    spdlog::info("worker: filled chunks={}", flags.fill);
  if (flags.retrieve.empty() && flags.watch.empty() && flags.replay.empty())
    return caf::unit;
  if (settings.enable_controller &&
      !node.wait_until_registered(registration_patience))
    spdlog::warn("worker: not registered yet, going on without the controller");
  if (!flags.retrieve.empty()) {
    if (auto done = retrieve_prompt(context, flags.retrieve); !done)
      return done;
  }
  if (!flags.watch.empty())
    return watch_prompt(context, flags.watch, stop);
  return flags.replay.empty()
           ? caf::unit
           : replay_trace(node, flags, options, hasher, stop);
}

}  // namespace kvc
