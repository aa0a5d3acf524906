#include "net/api/event_counters.hpp"

#include <string>

namespace kvc {

namespace {

constexpr std::array operations{
  operation::health,   operation::clear,      operation::pin, operation::unpin,
  operation::compress, operation::decompress, operation::move};

constexpr std::array outcomes{event_state::finished, event_state::failed,
                              event_state::cancelled};

}  // namespace

void event_counters::note(operation what, event_state state) {
  const auto row = static_cast<std::size_t>(what);
  const auto column = static_cast<std::size_t>(state);
  if (row < max_operations && column < states)
    counts_[row][column].fetch_add(1, std::memory_order_relaxed);
}

void event_counters::write(metrics_text& text) const {
  const auto count = [&](operation what, event_state state) {
    return counts_[static_cast<std::size_t>(what)]
                  [static_cast<std::size_t>(state)]
                    .load(std::memory_order_relaxed);
  };
  text.family("kvc_events_total", "counter", "Control events that have ended.");
  for (const auto what : operations)
    for (const auto state : outcomes)
      text.sample(
        "", {{"operation", to_string(what)}, {"outcome", to_string(state)}},
        count(what, state));
  text.family("kvc_events_running", "gauge", "Control events that run.");
  for (const auto what : operations) {
    // The ends first: an event that ends meanwhile must not make it negative.
    std::uint64_t ended = 0;
    for (const auto state : outcomes)
      ended += count(what, state);
    text.sample("", {{"operation", to_string(what)}},
                count(what, event_state::running) - ended);
  }
}

}  // namespace kvc
