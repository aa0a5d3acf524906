#pragma once

#include "messages/executor.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvc {

struct event_limits {
  std::size_t max_running = 256;
  std::size_t max_finished = 1'000;
  std::chrono::milliseconds max_finished_age{3'600'000};
};

/// The events that run, and the latest ones that have ended. The caller gives
/// the time, in milliseconds since the Unix epoch.
class event_history {
 public:
  explicit event_history(event_limits limits) : limits_(limits) {}

  /// Whether one more may run.
  bool has_room() const { return running_ < limits_.max_running; }

  bool knows(const std::string& event_id) const {
    return numbers_.contains(event_id);
  }

  /// Adds a running event. Its id must be new.
  void begin(event_status status);

  /// Takes the news of a running event, and what corrects the end of another.
  /// Returns whether the event has ended with them.
  bool update(const event_status& status);

  /// Returns the event; null if it is unknown or forgotten.
  const event_status* find(const std::string& event_id, std::int64_t now_ms);

  /// Returns the events asked for, the newest first.
  std::vector<event_status> list(const list_events& question,
                                 std::int64_t now_ms);

  std::size_t size() const { return events_.size(); }

 private:
  void forget_old(std::int64_t now_ms);
  void forget_oldest();

  event_limits limits_;
  std::size_t running_ = 0;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, event_status> events_;  ///< By order of begin().
  std::unordered_map<std::string, std::uint64_t> numbers_;  ///< By event_id.
  std::deque<std::uint64_t> finished_;  ///< By order of their ends.
};

}  // namespace kvc
