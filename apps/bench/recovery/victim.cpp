#include "apps/bench/recovery/victim.hpp"

#include "apps/bench/http/lookup_bodies.hpp"
#include "apps/workload/fill.hpp"
#include "messages/errors.hpp"

#include <nlohmann/json.hpp>

#include <csignal>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{60};
constexpr std::uint32_t chunks = 64;
constexpr made_up_prompts prompts{.seed = 2};
constexpr const char* name = "victim";

template <class Predicate>
caf::expected<victim::milliseconds> time_until(Predicate is_true,
                                               const char* what) {
  const auto begin = clock::now();
  while (clock::now() - begin < patience) {
    if (is_true())
      return victim::milliseconds{clock::now() - begin};
  }
  return caf::make_error(errc::timed_out, what);
}

}  // namespace

caf::expected<std::unique_ptr<victim>> victim::start(bench_cluster& cluster,
                                                     std::uint64_t memberships,
                                                     std::uint16_t link_port) {
  if (const auto added = cluster.add_worker(
        {"--lmcache-instance-id", name, "--fill", std::to_string(chunks),
         "--fill-seed", std::to_string(prompts.seed), "--chunk-bytes", "256",
         "--max-local-cpu-size", "0.1"},
        link_port);
      !added)
    return added.error();
  std::unique_ptr<victim> result{new victim{cluster}};
  if (!cluster.wait_for_keys(memberships + chunks, 2))
    return caf::make_error(errc::timed_out, "the victim's registration");
  if (auto shown = result->wait_until_back(); !shown)
    return std::move(shown.error());
  return result;
}

victim::victim(bench_cluster& cluster)
    : cluster_(cluster), http_(cluster.client()) {
  auto tokens = prompts.tokens(0);
  tokens.resize(std::size_t{chunks} * prompts.chunk_size);
  all_chunks_ = lookup_body(tokens);
  tokens.resize(prompts.chunk_size);
  one_chunk_ = lookup_body(tokens);
}

victim::~victim() { cluster_.workers().pop_back(); }

void victim::send(int signal) { cluster_.workers().back().send(signal); }

caf::expected<victim::milliseconds> victim::wait_until_gone() {
  return time_until([&] { return matched(one_chunk_) == 0U; },
                    "the victim's disappearance");
}

caf::expected<victim::milliseconds> victim::wait_until_back() {
  return time_until(
    [&] {
      return matched(all_chunks_) == std::uint64_t{chunks} * prompts.chunk_size;
    },
    "the victim's chunks");
}

double victim::registration_time() {
  const auto reply = http_.get("/controller/workers?instance_id=victim");
  if (!reply || reply->status != 200)
    return 0;
  const auto answer = nlohmann::json::parse(reply->body, nullptr, false);
  const auto workers = answer.is_object() ? answer.value("workers", answer)
                                          : nlohmann::json::array();
  return workers.is_array() && !workers.empty()
           ? workers.front().value("registration_time", 0.0)
           : 0;
}

std::optional<std::uint64_t> victim::matched(const std::string& body) {
  const auto reply = http_.query("/lookup", body);
  if (!reply || reply->status != 200)
    return std::nullopt;
  const auto answer = nlohmann::json::parse(reply->body, nullptr, false);
  if (!answer.is_object() || !answer.contains("layout_info"))
    return std::nullopt;
  const auto& layout = answer.at("layout_info");
  const auto it = layout.find(name);
  return it == layout.end() ? 0 : it->at(1).get<std::uint64_t>();
}

}  // namespace kvc
