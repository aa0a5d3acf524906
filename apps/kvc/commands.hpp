#pragma once

#include "apps/kvc/console.hpp"
#include "apps/kvc/prompt.hpp"

#include <optional>
#include <string>

namespace kvc {

// What kvc can be told to do, and what the command line says to it. Each
// command asks the controller, shows the answer and returns what to exit with.

struct lookup_arguments {
  prompt_source source;
  std::string model;  ///< Counts instead of the prompt's own, if not empty.
};

exit_code look_up(console& terminal, const lookup_arguments& arguments);

struct workers_arguments {
  std::string instance;  ///< Lists only its workers; all if empty.
  bool wants_rejected = false;
};

exit_code show_workers(console& terminal, const workers_arguments& arguments);

struct health_arguments {
  std::string operation;  ///< Also its route.
  std::string instance;
};

exit_code check_health(console& terminal, const health_arguments& arguments);

/// Of all commands that begin an event on chunks.
struct chunk_arguments {
  prompt_source source;  ///< All chunks if not given.
  std::optional<double> timeout_seconds = {};
  bool wants_id_only = false;  ///< Else the event is followed to its end.
};

struct control_arguments {
  std::string operation;  ///< Also its route.
  std::string instance;
  std::string location;
  std::string method;  ///< Of compress.
  std::optional<double> ttl_seconds = {};
  chunk_arguments chunks;
};

exit_code control_chunks(console& terminal, const control_arguments& arguments);

struct move_arguments {
  std::string operation;  ///< Also its route.
  std::string from;
  std::string to;
  std::string from_location;
  std::string to_location;
  bool is_copy = false;
  chunk_arguments chunks;
};

exit_code move_chunks(console& terminal, const move_arguments& arguments);

struct events_arguments {
  std::string event_id;  ///< Shows only this event, with its ranks.
  std::string state;
  std::string operation;
  std::uint32_t limit = 20;
};

exit_code show_events(console& terminal, const events_arguments& arguments);

struct cancel_arguments {
  std::string event_id;
};

exit_code end_event(console& terminal, const cancel_arguments& arguments);

struct wait_arguments {
  std::string event_id;
  std::optional<double> patience_seconds = {};
};

exit_code wait_for_event(console& terminal, const wait_arguments& arguments);

}  // namespace kvc
