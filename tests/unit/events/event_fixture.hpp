#pragma once

#include "actors/events/executor.hpp"
#include "messages/errors.hpp"
#include "tests/support/deterministic_system.hpp"

#include <doctest/doctest.h>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <string>
#include <vector>

namespace kvc::test {

/// How a worker takes commands.
struct worker_script {
  enum class mood { prompt, refusing, silent, dying };

  mood manner = mood::prompt;
  command_result result;
  caf::error failure;  ///< Answered instead, if set.
  std::vector<run_command> orders;
  std::vector<std::string> cancelled;
  std::vector<caf::typed_response_promise<command_result>> held;
};

/// An executor, its registry and workers that obey the test.
struct executor_fixture {
  std::vector<worker_record> workers;
  std::map<worker_id, worker_script> scripts;  ///< Before the system's end.
  bool is_registry_silent = false;
  std::int64_t now_ms = 1'000;
  executor_options options;
  deterministic_system system;
  executor_impl aut;

  executor_fixture();
  ~executor_fixture();

  void start();

  /// Has the first worker answer what it was silent about.
  void answer();

  /// Adds a rank of instance "a", unless told otherwise.
  worker_script& add(std::uint32_t rank, worker_script::mood manner,
                     std::uint64_t tokens = 0,
                     const std::string& instance = "a");

  caf::expected<event_status> begin(const start_event& order);
  caf::expected<event_status> begin(const std::string& event_id,
                                    command what = {.verb = operation::clear},
                                    const std::string& instance = "a");

  caf::expected<event_status> check(const std::string& event_id,
                                    std::chrono::milliseconds patience = {});

  caf::expected<event_status> cancel(const std::string& event_id);

  /// Begins an event and returns its end.
  event_status run(command what = {.verb = operation::clear});
};

}  // namespace kvc::test
