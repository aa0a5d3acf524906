#include "actors/events/event_history.hpp"

namespace kvc {

namespace {

/// Whether `name` is empty or that of `x`.
template <class T>
bool is_any_or(const std::string& name, T x) {
  return name.empty() || name == to_string(x);
}

}  // namespace

void event_history::begin(event_status status) {
  const auto number = ++last_number_;
  numbers_.emplace(status.event_id, number);
  events_.emplace(number, std::move(status));
  ++running_;
}

bool event_history::update(const event_status& status) {
  const auto found = numbers_.find(status.event_id);
  if (found == numbers_.end())
    return false;
  auto& known = events_.at(found->second);
  const auto was_running = known.state == event_state::running;
  if (was_running || status.corrected_at_ms != 0)
    known = status;
  if (!was_running)
    return false;
  if (status.state == event_state::running)
    return false;
  --running_;
  finished_.push_back(found->second);
  while (finished_.size() > limits_.max_finished)
    forget_oldest();
  return true;
}

const event_status* event_history::find(const std::string& event_id,
                                        std::int64_t now_ms) {
  forget_old(now_ms);
  const auto found = numbers_.find(event_id);
  return found == numbers_.end() ? nullptr : &events_.at(found->second);
}

std::vector<event_status> event_history::list(const list_events& question,
                                              std::int64_t now_ms) {
  forget_old(now_ms);
  std::vector<event_status> result;
  for (auto it = events_.rbegin();
       it != events_.rend() && result.size() < question.limit; ++it) {
    const auto& event = it->second;
    if (is_any_or(question.state, event.state) &&
        is_any_or(question.operation, event.verb))
      result.push_back(event);
  }
  return result;
}

void event_history::forget_old(std::int64_t now_ms) {
  const auto limit = now_ms - limits_.max_finished_age.count();
  while (!finished_.empty() &&
         events_.at(finished_.front()).finished_at_ms < limit)
    forget_oldest();
}

void event_history::forget_oldest() {
  const auto event = events_.find(finished_.front());
  finished_.pop_front();
  numbers_.erase(event->second.event_id);
  events_.erase(event);
}

}  // namespace kvc
