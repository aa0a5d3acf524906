#include "net/api/event_counters.hpp"

#include <string>

namespace kvc {

namespace {

constexpr std::array outcomes{event_state::finished, event_state::failed,
                              event_state::cancelled};

}  // namespace

void event_counters::note(operation verb, event_state state) {
  const auto row = static_cast<std::size_t>(verb);
  const auto column = static_cast<std::size_t>(state);
  if (row < operation_count && column < event_state_count)
    ++counts_[row][column];
}

void event_counters::write(metrics_text& text) const {
  const auto count = [&](operation verb, event_state state) {
    return counts_[static_cast<std::size_t>(verb)]
                  [static_cast<std::size_t>(state)]
                    .load();
  };
  text.family("kvc_events_total", "counter", "Control events that have ended.");
  for (const auto verb : operations)
    for (const auto state : outcomes)
      text.sample(
        "", {{"operation", to_string(verb)}, {"outcome", to_string(state)}},
        count(verb, state));
  text.family("kvc_events_running", "gauge", "Control events that run.");
  for (const auto verb : operations) {
    // The ends first: an event that ends meanwhile must not make it negative.
    // Relaxed loads could be done in another order.
    std::uint64_t ended = 0;
    for (const auto state : outcomes)
      ended += count(verb, state);
    text.sample("", {{"operation", to_string(verb)}},
                count(verb, event_state::running) - ended);
  }
}

}  // namespace kvc
