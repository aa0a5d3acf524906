#include "messages/control.hpp"

#include "messages/executor.hpp"

#include <algorithm>
#include <array>

namespace kvc {

namespace {

using namespace std::literals;

// By number.
constexpr std::array operation_names{"health"sv, "clear"sv,    "pin"sv,
                                     "unpin"sv,  "compress"sv, "decompress"sv,
                                     "move"sv};
constexpr std::array outcome_names{
  "done"sv,           "unchanged"sv, "absent"sv,     "pinned"sv, "in_use"sv,
  "incompressible"sv, "no_room"sv,   "unsuitable"sv, "failed"sv};
constexpr std::array state_names{"running"sv, "finished"sv, "failed"sv,
                                 "cancelled"sv};

static_assert(outcome_names.size() == chunk_outcome_count);

/// Returns the name of this number; those of newer peers have none.
template <class Enum, std::size_t Size>
std::string name_of(Enum x, const std::array<std::string_view, Size>& names,
                    const char* kind) {
  const auto number = static_cast<std::size_t>(x);
  return number < Size ? std::string{names[number]}
                       : kind + std::to_string(number);
}

template <class Enum, std::size_t Size>
std::optional<Enum> named(std::string_view name,
                          const std::array<std::string_view, Size>& names) {
  const auto* found = std::find(names.begin(), names.end(), name);
  if (found == names.end())
    return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace

std::string to_string(operation what) {
  return name_of(what, operation_names, "operation_");
}

std::string to_string(chunk_outcome outcome) {
  return name_of(outcome, outcome_names, "outcome_");
}

std::string to_string(event_state state) {
  return name_of(state, state_names, "state_");
}

std::optional<operation> operation_named(std::string_view name) {
  return named<operation>(name, operation_names);
}

std::optional<event_state> event_state_named(std::string_view name) {
  return named<event_state>(name, state_names);
}

}  // namespace kvc
