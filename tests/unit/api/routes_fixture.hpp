#pragma once

#include "messages/errors.hpp"
#include "net/api/routes.hpp"
#include "tests/support/deterministic_system.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json_fwd.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvc::test {

using nlohmann::json;

/// Answers what the test says and remembers what it was asked.
struct fake_lookups : lookup_source {
  std::vector<prefix_match> matches;
  std::vector<key_count> counts;
  index_status current{.shards = 1};
  std::vector<incomplete_instance> broken;  ///< Of the model "".
  std::vector<std::uint64_t> asked_hashes;
  std::string asked_model;

  prefix_matches find_prefixes(std::span<const std::uint64_t> hashes,
                               std::string_view model) override;
  std::vector<key_count> key_counts() override { return counts; }
  std::vector<incomplete_instance> incomplete(std::string_view model,
                                              std::size_t limit) override;
  index_status status() override { return current; }
};

/// Names each chunk, of four tokens as a rule, by its first one.
struct fake_hasher : prompt_hasher {
  std::uint32_t size = 4;

  std::vector<std::uint64_t> hash_prompt(
    std::span<const std::uint32_t> tokens) const override;
  std::uint32_t chunk_size() const override { return size; }
};

/// Knows "a" alone. Its events end as the test says.
struct fake_executor {
  std::vector<start_event> started;
  std::vector<await_event> awaited;
  std::vector<std::string> cancelled;
  std::vector<list_events> listed;
  event_status end;  ///< Of every event; while it runs, nothing ends.
  caf::error refusal;
  bool is_silent = false;
};

struct routes_fixture {
  std::vector<worker_record> workers;  ///< That the registry knows.
  fake_executor executor;
  deterministic_system system;
  fake_lookups lookups;
  fake_hasher hasher;
  registry_actor registry;
  executor_actor executor_handle;
  std::deque<std::function<void()>> tasks;
  caf::actor lane;
  std::shared_ptr<controller_counters> counters;
  router table;
  std::optional<http_response> answer;

  routes_fixture();
  ~routes_fixture();

  routes_fixture(const routes_fixture&) = delete;
  routes_fixture& operator=(const routes_fixture&) = delete;

  void run();

  void send(http_request request);

  json ask(const http_request& request, unsigned status = 200);

  json post(std::string_view path, std::string_view body,
            unsigned status = 200);

  json get(std::string_view path, std::string_view query = "",
           unsigned status = 200);
};

void check_event_id(const json& answer, const std::string& prefix);

}  // namespace kvc::test
