#include "apps/kvc/follow.hpp"

#include "apps/kvc/event_table.hpp"
#include "apps/kvc/interrupt.hpp"
#include "apps/kvc/printable.hpp"
#include "apps/kvc/progress_display.hpp"

#include <algorithm>
#include <thread>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;
using clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// So long the controller waits for the end before it tells of progress.
constexpr milliseconds longest_wait{1'000};

bool is_running(const json& event) { return event.at("status") == "running"; }

std::string how_to_go_on(const std::string& event_id) {
  const auto shown = printable(event_id);
  return "kvc wait " + shown + " waits for it, kvc cancel " + shown +
         " ends it";
}

question check_finish(const std::string& event_id, milliseconds wait) {
  nlohmann::json body{{"event_id", event_id}};
  if (wait.count() > 0)
    body["wait_seconds"] = std::chrono::duration<double>{wait}.count();
  return {.target = "/check_finish",
          .body = std::move(body),
          .may_repeat = true,
          .on_missing = exit_code::nothing};
}

/// Asks until the event has ended or the time is over. SIGINT ends kvc alone.
answer await_end(console& terminal, const std::string& event_id,
                 clock::time_point deadline) {
  const interrupt_notice notice{"kvc: interrupted; the event goes on: " +
                                how_to_go_on(event_id)};
  progress_display display;
  for (milliseconds wait{0};; wait = longest_wait) {
    const auto asked_at = clock::now();
    wait = std::min({wait, terminal.timeout() / 2,
                     std::chrono::ceil<milliseconds>(deadline - asked_at)});
    auto got = terminal.fetch(check_finish(event_id, wait));
    if (got.code != exit_code::ok || !is_running(got.body) ||
        clock::now() >= deadline)
      return got;
    display.show(progress_of(got.body));
    // A controller may allow no wait.
    std::this_thread::sleep_until(asked_at + wait);
  }
}

}  // namespace

verdict judge_event(const json& event) {
  const auto state = event.at("status").get<std::string>();
  const auto is_good = state == "finished" || state == "running";
  return {is_good ? exit_code::ok : exit_code::failed, render_event(event),
          is_good                ? ""
          : state == "cancelled" ? "the event was cancelled"
                                 : "the event has failed"};
}

exit_code follow(console& terminal, const std::string& event_id,
                 std::optional<milliseconds> patience) {
  const auto deadline =
    patience ? clock::now() + *patience : clock::time_point::max();
  const auto last = await_end(terminal, event_id, deadline);
  if (last.code == exit_code::nothing)  // There is no such event.
    return exit_code::refused;
  if (last.code != exit_code::ok)
    return complain(last.code,
                    "the event may go on: " + how_to_go_on(event_id));
  auto meaning = judge_event(last.body);
  if (is_running(last.body)) {
    meaning.code = exit_code::running;
    meaning.note = "the event runs still: " + how_to_go_on(event_id);
  }
  return terminal.show(last.body, meaning);
}

}  // namespace kvc
