#include "apps/worker/work.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "apps/node/fill.hpp"
#include "apps/node/hashing_options.hpp"
#include "apps/node/made_up_chunk.hpp"
#include "apps/node/replay.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>

namespace kvc {

namespace {

/// How long a replay waits for the controller, of whom it wants routes.
constexpr std::chrono::milliseconds registration_patience{5'000};

caf::expected<std::vector<std::uint32_t>> read_tokens(const std::string& path) {
  std::ifstream file{path};
  const auto parsed = nlohmann::json::parse(file, nullptr, false);
  const auto is_token = [](const nlohmann::json& x) {
    return x.is_number_unsigned() && x.get<std::uint64_t>() <= UINT32_MAX;
  };
  if (!parsed.is_array() ||
      !std::all_of(parsed.begin(), parsed.end(), is_token))
    return caf::make_error(errc::invalid_request,
                           path + ": expected a JSON array of tokens");
  return parsed.get<std::vector<std::uint32_t>>();
}

/// Stores the chunks of one prompt in every rank, each with its own bytes.
caf::expected<void> store_prompt(const worker_node& node,
                                 const worker_node_options& options,
                                 const chunk_hasher& hasher,
                                 const std::string& path) {
  auto tokens = read_tokens(path);
  if (!tokens)
    return std::move(tokens.error());
  const auto hashes = hasher.hash_prompt(*tokens);
  for (std::uint32_t i = 0; i < options.ranks.size(); ++i) {
    std::vector<std::vector<std::byte>> bytes;
    auto left = tokens->size();
    for (const auto hash : hashes) {
      const auto in_chunk = std::min<std::size_t>(left, hasher.chunk_size());
      left -= in_chunk;
      make_up_chunk(bytes.emplace_back(in_chunk * options.bytes_per_token),
                    hash, options.ranks[i].rank);
    }
    const std::vector<std::span<const std::byte>> chunks{bytes.begin(),
                                                         bytes.end()};
    const auto stored = node.engines()[i]->store(*tokens, chunks);
    if (!stored)
      return stored.error();
    spdlog::info("worker: stored prompt chunks={} worker={}/{}", chunks.size(),
                 options.ranks[i].instance, options.ranks[i].rank);
  }
  return caf::unit;
}

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
  if (options.settings.enable_controller)
    settings.route = route_by_controller(node, instances);
  settings.on_progress = [](const replay_totals& totals) {
    spdlog::info("replay: running {}", to_string(totals));
  };
  do {
    auto trace = trace_reader::open(flags.replay);
    if (!trace)
      return std::move(trace.error());
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
  if (!flags.prompt.empty()) {
    if (auto stored = store_prompt(node, options, hasher, flags.prompt);
        !stored)
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
  if (flags.replay.empty())
    return caf::unit;
  if (settings.enable_controller &&
      !node.wait_until_registered(registration_patience))
    spdlog::warn("replay: not registered yet, routing by turns");
  return replay_trace(node, flags, options, hasher, stop);
}

}  // namespace kvc
