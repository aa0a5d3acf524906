#include "tests/unit/commands/move_fixture.hpp"

#include "tests/support/release.hpp"

#include <numeric>

namespace kvc::test {

namespace {

using scripted_reporter_impl = reporter_actor::extend<caf::reacts_to<release>>;

scripted_reporter_impl::behavior_type scripted_reporter(
  scripted_reporter_impl::pointer self, reporter_script* script) {
  return {
    [](const open_stream&) {},
    [](const pause_stream&) {},
    [](changes_wait) {},
    [](const report_ack&) {},
    [=](flush_reports) -> caf::result<reports_flushed> {
      ++script->flushes;
      if (!script->is_silent)
        return reports_flushed{};
      script->held.push_back(self->make_response_promise<reports_flushed>());
      return script->held.back();
    },
    [=](release) {
      for (auto& x : std::exchange(script->held, {}))
        x.deliver(reports_flushed{});
    }};
}

progress_sink_actor::behavior_type progress_listener(
  progress_sink_actor::pointer, std::vector<command_progress>* heard) {
  return {[=](const command_progress& msg) { heard->push_back(msg); },
          [](const permit_start&) {
            return start_permit{.not_after = std::chrono::hours{1}};
          }};
}

}  // namespace

move_fixture::move_fixture() : peer_fixture(200, 200) {
  here.boot_clock = [this] { return system.boot_clock(); };
  here.note_clock(here.boot_clock(), here.boot_clock());
  for (auto& x : reporters)
    reports.emplace_back(system.spawn(scripted_reporter, &x));
  spawn_event();
}

move_fixture::~move_fixture() {
  for (auto& x : reporters)
    x.held.clear();
  clears.orders.clear();
}

void move_fixture::spawn_event() {
  event = system.spawn(progress_listener, &heard);
}

std::shared_ptr<answer_box<command_result>> move_fixture::begin(
  const run_command& order) {
  has_ended = false;
  aut = system.spawn(command_run, std::cref(here), reports, owner);
  aut->attach_functor([this] { has_ended = true; });
  return ask_later<command_result>(system, aut, order);
}

std::string move_fixture::run(command what) {
  const auto answer = begin(std::move(what));
  settle();
  REQUIRE_FALSE(answer->is_empty());
  if (answer->value)
    result = *answer->value;
  return answer->error ? describe(answer->error) : "";
}

void move_fixture::answer(std::size_t reporter) {
  caf::anon_send(caf::actor_cast<caf::actor>(reports[reporter]), release{});
  system.run();
}

void move_fixture::cancel() {
  caf::anon_send(aut, cancel_command{"Move1"});
  system.run();
}

hashes move_fixture::names_to(std::uint64_t last) {
  hashes names(last);
  std::iota(names.begin(), names.end(), 1);
  return names;
}

}  // namespace kvc::test
