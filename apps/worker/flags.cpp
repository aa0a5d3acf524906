#include "apps/worker/flags.hpp"

#include "actors/peers/lease_check.hpp"
#include "apps/node/instance_name.hpp"
#include "config/instance_id.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace kvc {

namespace {

constexpr std::uint64_t max_hosted = 4096;

extra_flag scale_flag(double& target) {
  return {"time-scale", "X",
          "Replay X seconds per second of the trace; 0, the default, is as "
          "fast as possible",
          [&target](const std::string& text) -> std::string {
            char* end = nullptr;
            target = std::strtod(text.c_str(), &end);
            const auto is_number = !text.empty() && *end == '\0';
            return is_number && std::isfinite(target) && target >= 0
                     ? ""
                     : "expected a number from 0 on";
          }};
}

using shape = std::vector<std::uint32_t>;

std::optional<shape> parse_shape(std::string_view text) {
  shape result;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const auto [next, error] = std::from_chars(at, end, result.emplace_back());
    const auto has_more = next != end && *next == ',' && next + 1 != end;
    if (error != std::errc{} || result.back() == 0 ||
        (next != end && !has_more))
      return std::nullopt;
    at = has_more ? next + 1 : next;
  }
  return result;
}

bool is_of_shape(const worker_flags& flags, const worker_options& settings) {
  const leased_chunk full{.bytes = flags.chunk_bytes,
                          .raw_bytes = flags.chunk_bytes,
                          .tokens = settings.chunk_size};
  return is_consistent(
    full, {flags.kv_dtype, parse_shape(flags.kv_shape).value_or(shape{})});
}

}  // namespace

std::vector<extra_flag> worker_flags::describe() {
  return {
    number_flag("rank", rank, {0, 1023}, "The rank to host; the default is 0"),
    number_flag("instances", instances, {1, max_hosted},
                "Host N instances, named ID-0, ID-1 and so on"),
    number_flag("ranks", ranks, {1, 1024},
                "Host all M ranks of every instance, instead of --rank"),
    number_flag("chunk-bytes", chunk_bytes, {1, 1ULL << 30U},
                "KV cache of a full chunk in one rank; the default is 4096"),
    text_flag("kv-dtype", "NAME", kv_dtype,
              "Of the tensor in a chunk: bfloat16, float16 or float32"),
    text_flag("kv-shape", "N,N,..", kv_shape,
              "Of the tensor in a full chunk: ..., tokens, channels"),
    text_flag("journal", "FILE", journal,
              "Write every change to FILE, which begins anew"),
    text_flag("prompt", "FILE", prompt,
              "Store the chunks of a JSON array of tokens"),
    text_flag("retrieve", "FILE", retrieve,
              "Retrieve such a prompt, from peers too, and check its bytes"),
    text_flag("watch", "FILE", watch,
              "Tell how much of such a prompt is held, and check its bytes"),
    number_flag("fill", fill, {0, 1ULL << 32U},
                "Store N made-up chunks in every rank"),
    number_flag("fill-seed", fill_seed, {}, "Which ones; the default is 1"),
    text_flag("replay", "TRACE", replay, "Replay a Mooncake trace"),
    number_flag("replay-copies", replay_copies, {1, 1'000},
                "Each of its requests N times, with N different prompts"),
    scale_flag(time_scale),
    text_flag("route", "HOW", route,
              "Replay where the longest prefix is (prefix, the default) or by "
              "turns"),
    switch_flag("replay-for-ever", replays_for_ever,
                "Begin the replay anew at its end, until stopped"),
    switch_flag("leave-when-done", leaves_when_done,
                "Deregister and end after the replay"),
  };
}

std::vector<std::string> worker_flags::conflicts_with(
  const worker_options* settings) const {
  std::vector<std::string> errors;
  if (settings != nullptr && chunk_bytes % settings->chunk_size != 0)
    errors.push_back("--chunk-bytes: expected a multiple of chunk_size (" +
                     std::to_string(settings->chunk_size) + ")");
  if (route != "prefix" && route != "turns")
    errors.emplace_back("--route: expected prefix or turns");
  if (!kv_shape.empty() && !parse_shape(kv_shape))
    errors.emplace_back("--kv-shape: expected positive integers and commas");
  else if (settings != nullptr && !is_of_shape(*this, *settings))
    errors.emplace_back(
      "--kv-shape: expected a chunk of chunk_size tokens in --chunk-bytes");
  if (settings != nullptr && ranks == 0 && rank >= settings->ranks())
    errors.push_back("--rank: the instance has " +
                     std::to_string(settings->ranks()) + " rank(s)");
  if (settings != nullptr && ranks > 0)
    check_hosted(*settings, errors);
  if (ranks == 0 && instances > 1)
    errors.emplace_back("--instances: needs --ranks");
  if (instances * ranks > max_hosted)
    errors.push_back("--instances: more than " + std::to_string(max_hosted) +
                     " ranks in all");
  return errors;
}

std::string worker_flags::instance_name(const worker_options& settings,
                                        std::uint64_t number) const {
  const auto& id = settings.lmcache_instance_id;
  return instances == 1 ? id : id + '-' + std::to_string(number);
}

void worker_flags::check_hosted(const worker_options& settings,
                                std::vector<std::string>& errors) const {
  if (!settings.lmcache_instance_id.empty() &&
      !is_instance_id(instance_name(settings, instances - 1)))
    errors.emplace_back("--instances: the names ID-0, ID-1 and so on must be " +
                        std::string{instance_id_rule});
  const auto check_ports = [&](const std::string& key,
                               const std::vector<std::uint16_t>& given) {
    if (!given.empty() && given.size() != ranks)
      errors.push_back("--ranks: " + key + " has " +
                       std::to_string(given.size()) + " port(s) for " +
                       std::to_string(ranks) + " ranks");
  };
  const auto& ports = settings.lmcache_worker_ports;
  if (instances > 1 && std::any_of(ports.begin(), ports.end(),
                                   [](auto port) { return port != 0; }))
    errors.emplace_back(
      "--instances: lmcache_worker_ports has the ports of one instance; 0 is "
      "any free port");
  check_ports("lmcache_worker_ports", ports);
  check_ports("p2p_init_ports", settings.p2p_init_ports);
}

worker_node_options worker_flags::node_options(
  const worker_options& settings) const {
  worker_node_options result;
  result.settings = settings;
  result.bytes_per_token = chunk_bytes / settings.chunk_size;
  result.journal = journal;
  result.format.dtype = kv_dtype;
  result.format.shape = parse_shape(kv_shape).value_or(shape{});
  result.settings.lmcache_instance_id = instance_id_of(settings);
  if (ranks == 0) {
    result.ranks = {{result.settings.lmcache_instance_id,
                     static_cast<std::uint32_t>(rank), settings.ranks()}};
    return result;
  }
  const auto rank_count = static_cast<std::uint32_t>(ranks);
  for (std::uint64_t i = 0; i < instances; ++i) {
    const auto name = instance_name(result.settings, i);
    for (std::uint32_t r = 0; r < rank_count; ++r)
      result.ranks.push_back({name, r, rank_count});
  }
  return result;
}

}  // namespace kvc
