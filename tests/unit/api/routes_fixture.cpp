#include "tests/unit/api/routes_fixture.hpp"

#include "net/http/lane_actor.hpp"
#include "tests/support/prefix_matches.hpp"
#include "tests/unit/api/schema_fixture.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace kvc::test {
namespace {

worker_record make_record(const char* instance, std::uint32_t rank,
                          std::uint32_t slot) {
  worker_record result;
  result.profile.id = {instance, rank};
  result.profile.ip = "10.0.0.1";
  result.profile.port = 8001;
  result.worker_slot = slot;
  result.registered_at_ms = 1'700'000'000'250;
  result.renewed_at_ms = 1'700'000'001'500;
  return result;
}

std::vector<worker_record> fleet() {
  auto third = make_record("b", 0, 7);
  third.profile.ip = "2001:db8::2";
  third.profile.peer_url = "[2001:db8::2]:8100";
  third.profile.rank_count = 3;
  auto result = std::vector{make_record("a", 0, 0), make_record("a", 1, 1)};
  result[0].profile.rank_count = result[1].profile.rank_count = 2;
  result[0].usage = {{location::disk, 3, 300, 1000}};
  result.push_back(third);
  return result;
}

registry_actor::behavior_type fake_registry(
  registry_actor::pointer /*self*/, const std::vector<worker_record>* workers) {
  return {
    [](const register_worker&) -> caf::result<welcome> {
      return errc::not_ready;
    },
    [](const renew_lease&) -> caf::result<lease> { return errc::not_ready; },
    [](const deregister_worker&) { return false; },
    [=](const list_workers& msg) {
      return msg.includes_lost ? std::vector<worker_record>{} : *workers;
    },
    [](const list_refusals&) {
      return std::vector{
        refusal{
          {"c", 2}, "10.0.0.3", errc::hashing_mismatch, "chunk_size", 1500, 4},
        refusal{{}, "10.0.0.4", errc::unauthorized, "another secret", 1000, 1}};
    },
    [](const refusal&) {},
  };
}

struct silent_state {
  silent_state() = default;
  std::vector<caf::response_promise> promises;
};

executor_actor::behavior_type run_fake_executor(
  executor_actor::stateful_pointer<silent_state> self, fake_executor* fake) {
  const auto named = [=](const std::string& event_id, event_status status) {
    status.event_id = event_id;
    return status;
  };
  return {
    [=](const start_event& msg) -> caf::result<event_status> {
      fake->started.push_back(msg);
      if (fake->is_silent) {
        auto promise = self->make_response_promise<event_status>();
        self->state.promises.emplace_back(promise);
        return promise;
      }
      if (fake->refusal)
        return fake->refusal;
      if (msg.instance != "a")
        return caf::make_error(errc::unknown_instance, msg.instance);
      if (msg.patience.count() > 0)
        return named(msg.event_id, fake->end);
      return named(msg.event_id, {.verb = msg.what.verb});
    },
    [=](const await_event& msg) -> caf::result<event_status> {
      fake->awaited.push_back(msg);
      if (msg.event_id == "x")
        return caf::make_error(errc::unknown_event, msg.event_id);
      return named(msg.event_id, fake->end);
    },
    [=](const cancel_event& msg) -> caf::result<event_status> {
      fake->cancelled.push_back(msg.event_id);
      return named(msg.event_id, fake->end);
    },
    [=](const list_events& msg) {
      fake->listed.push_back(msg);
      return std::vector{named("1", fake->end)};
    },
  };
}

/// What is answered must be what is described.
void check_description(const router& table, std::size_t index, unsigned status,
                       const json& body) {
  if (index == table.routes().size())
    return;
  for (const auto& each : answers_of(table.routes()[index]))
    if (each.status == status) {
      CHECK(mismatch(each.shape, body) == "");
      return;
    }
  FAIL_CHECK("not described: ", status);
}

}  // namespace

prefix_matches fake_lookups::find_prefixes(
  std::span<const std::uint64_t> hashes, std::string_view model) {
  asked_hashes.assign(hashes.begin(), hashes.end());
  asked_model = model;
  return view_of(matches);
}

std::vector<incomplete_instance> fake_lookups::incomplete(
  std::string_view model, std::size_t limit) {
  auto result = model.empty() ? broken : std::vector<incomplete_instance>{};
  result.resize(std::min(limit, result.size()));
  return result;
}

std::vector<std::uint64_t> fake_hasher::hash_prompt(
  std::span<const std::uint32_t> tokens) const {
  std::vector<std::uint64_t> result;
  for (std::size_t i = 0; i < tokens.size(); i += size)
    result.push_back(tokens[i]);
  return result;
}

routes_fixture::routes_fixture()
    : workers(fleet()),
      registry(system.spawn(fake_registry, &workers)),
      executor_handle(system.spawn(run_fake_executor, &executor)),
      lane(spawn_lane(
        caf::actor_cast<caf::abstract_actor*>(registry)->home_system(),
        [this](std::function<void()> task) {
          tasks.push_back(std::move(task));
        })),
      counters(std::make_shared<controller_counters>()),
      table(
        make_controller_router({lookups,
                                hasher,
                                registry,
                                executor_handle,
                                {.answer_timeout = std::chrono::seconds{20},
                                 .event_wait = std::chrono::seconds{9},
                                 .max_event_timeout = std::chrono::seconds{60}},
                                counters,
                                {"1.2.3", "abc-dirty"}})) {}

routes_fixture::~routes_fixture() { as_lane(lane).close(); }

void routes_fixture::run() {
  system.run();
  while (!tasks.empty()) {
    const auto task = std::move(tasks.front());
    tasks.pop_front();
    task();
    system.run();
  }
}

void routes_fixture::send(http_request request) {
  answer.reset();
  request.lane = &as_lane(lane);
  table.dispatch(table.find(request), request,
                 responder{[this](http_response response) {
                   answer = std::move(response);
                 }});
  run();
}

json routes_fixture::ask(const http_request& request, unsigned status) {
  send(request);
  REQUIRE(answer);
  CHECK(answer->status == status);
  auto body = json::parse(answer->body);
  check_description(table, table.find(request), status, body);
  return body;
}

json routes_fixture::post(std::string_view path, std::string_view body,
                          unsigned status) {
  return ask({.method = "POST",
              .path = path,
              .content_type = "application/json",
              .body = body},
             status);
}

json routes_fixture::get(std::string_view path, std::string_view query,
                         unsigned status) {
  return ask({.method = "GET", .path = path, .query = query}, status);
}

void check_event_id(const json& answer, const std::string& prefix) {
  const auto id = answer["event_id"].get<std::string>();
  CHECK(id.substr(0, prefix.size()) == prefix);
  CHECK(id.size() == prefix.size() + 36);
}

}  // namespace kvc::test
