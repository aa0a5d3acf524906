#include "messages/control.hpp"

#include "messages/executor.hpp"

#include <algorithm>
#include <array>

namespace kvc {

namespace {

using namespace std::literals;

// By number.
constexpr std::array outcome_names{
  "done"sv,           "unchanged"sv, "absent"sv,     "pinned"sv, "in_use"sv,
  "incompressible"sv, "no_room"sv,   "unsuitable"sv, "failed"sv};
constexpr std::array state_names{"running"sv, "finished"sv, "failed"sv,
                                 "cancelled"sv, "unknown"sv};

static_assert(outcome_names.size() == chunk_outcome_count);
static_assert(state_names.size() == event_state_count);

/// Returns the name of this number; those of newer peers have none.
template <class Enum, std::size_t Size>
std::string name_of(Enum x, const std::array<std::string_view, Size>& names,
                    const char* kind) {
  const auto number = static_cast<std::size_t>(x);
  return number < Size ? std::string{names[number]}
                       : kind + std::to_string(number);
}

}  // namespace

std::string to_string(chunk_outcome outcome) {
  return name_of(outcome, outcome_names, "outcome_");
}

std::string to_string(event_state state) {
  return name_of(state, state_names, "state_");
}

std::optional<event_state> event_state_named(std::string_view name) {
  const auto* found = std::find(state_names.begin(), state_names.end(), name);
  if (found == state_names.end())
    return std::nullopt;
  return static_cast<event_state>(found - state_names.begin());
}

}  // namespace kvc
