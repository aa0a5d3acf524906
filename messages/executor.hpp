#pragma once

#include "messages/worker.hpp"

#include <caf/typed_actor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// Where a control event, or one rank of it, stands. The numbers travel between
/// processes.
enum class event_state : std::uint8_t {
  running = 0,
  finished,   ///< All was done.
  failed,     ///< A rank failed, was silent or was lost.
  cancelled,  ///< Ended early on request.
  unknown,    ///< Of a rank only: it has not confirmed its end.
};

inline constexpr std::size_t event_state_count = 5;

/// Returns the enumerator's own name, as the HTTP API shows it.
std::string to_string(event_state state);

/// Returns the state of this name, if there is one.
std::optional<event_state> event_state_named(std::string_view name);

/// The HTTP API's codes for ranks that did not give a code themselves.
struct rank_code {
  static constexpr std::int32_t refused = -1001;     ///< Answered an error.
  static constexpr std::int32_t unexpected = -1002;  ///< Answered otherwise.
  static constexpr std::int32_t silent = -1004;      ///< No answer in time.
  static constexpr std::int32_t lost = -1005;        ///< Its connection ended.
  static constexpr std::int32_t missing = -1006;     ///< Not registered.
};

/// One rank's part of an event.
struct rank_status {
  std::uint32_t rank = 0;
  event_state state = event_state::running;
  std::int32_t code = 0;  ///< 0, a worker's own, or one of rank_code.
  std::string error{};    ///< Its own words, or why there are none.
  command_tally tally{};  ///< The last one it has told.

  /// Whether `tally` is its last word: a result, or what was done before it
  /// failed. One that refused has not begun.
  bool has_answered() const {
    return state == event_state::finished || state == event_state::cancelled ||
           (state == event_state::failed && code == rank_code::refused &&
            tally != command_tally{});
  }

  friend bool operator==(const rank_status&, const rank_status&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, rank_status& x) {
    return f(caf::meta::type_name("rank_status"), x.rank, x.state, x.code,
             x.error, x.tally);
  }
};

/// All there is to know about one event.
struct event_status {
  std::string event_id{};
  operation verb = operation::health;
  std::string instance{};  ///< The owner of the chunks.
  event_state state = event_state::running;

  /// Tokens for which all ranks did it: the least of those that answered.
  std::uint64_t tokens = 0;
  std::int64_t started_at_ms = 0;   ///< Since the Unix epoch.
  std::int64_t finished_at_ms = 0;  ///< Since the Unix epoch; 0 while running.

  /// When a rank answered after the end, since the Unix epoch; 0 if none did.
  std::int64_t corrected_at_ms = 0;
  std::vector<rank_status> ranks{};  ///< By rank.

  // `move` only.
  std::string destination{};  ///< The instance that takes the chunks.
  location from = location::cpu;
  location to = location::cpu;

  /// The instance whose `ranks` do the work.
  const std::string& doer() const {
    return destination.empty() ? instance : destination;
  }

  friend bool operator==(const event_status&, const event_status&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, event_status& x) {
    return f(caf::meta::type_name("event_status"), x.event_id, x.verb,
             x.instance, x.state, x.tokens, x.started_at_ms, x.finished_at_ms,
             x.corrected_at_ms, x.ranks, x.destination, x.from, x.to);
  }
};

/// Starts an event.
struct start_event {
  std::string event_id{};  ///< Must be new.
  std::string instance{};
  command what{};
  std::chrono::milliseconds timeout{0};  ///< 0: the operation's default.
  std::string destination{};             ///< `move` only: who takes the chunks.

  /// The answer waits so long for the event's end; then it says how far the
  /// event is.
  std::chrono::milliseconds patience{0};

  template <class Inspector>
  friend auto inspect(Inspector& f, start_event& x) {
    return f(caf::meta::type_name("start_event"), x.event_id, x.instance,
             x.what, x.timeout, x.destination, x.patience);
  }
};

/// Asks how far an event is.
struct await_event {
  std::string event_id{};

  /// The answer waits so long for the event's end; not at all if too many wait.
  std::chrono::milliseconds patience{0};

  template <class Inspector>
  friend auto inspect(Inspector& f, await_event& x) {
    return f(caf::meta::type_name("await_event"), x.event_id, x.patience);
  }
};

/// Ends an event early. What is done stays done.
struct cancel_event {
  std::string event_id{};

  template <class Inspector>
  friend auto inspect(Inspector& f, cancel_event& x) {
    return f(caf::meta::type_name("cancel_event"), x.event_id);
  }
};

/// Asks for events, the newest first.
struct list_events {
  std::uint32_t limit = 0;
  std::string state{};      ///< Its name, or empty for all.
  std::string operation{};  ///< Its name, or empty for all.

  template <class Inspector>
  friend auto inspect(Inspector& f, list_events& x) {
    return f(caf::meta::type_name("list_events"), x.limit, x.state,
             x.operation);
  }
};

/// Runs control events.
using executor_actor = caf::typed_actor<
  // Fails with invalid_request, unknown_instance, unknown_location, too_busy
  // (too many events run), for moves shapes_differ or p2p_disabled or, if the
  // registry is silent, timed_out. Then nothing has started.
  caf::replies_to<start_event>::with<event_status>,
  // Fails with unknown_event.
  caf::replies_to<await_event>::with<event_status>,
  // Answers when the event has ended. Fails with unknown_event.
  caf::replies_to<cancel_event>::with<event_status>,
  caf::replies_to<list_events>::with<std::vector<event_status>>>;

}  // namespace kvc
