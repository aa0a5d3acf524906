#pragma once

#include "actors/worker/worker.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/fake_chunk_store.hpp"
#include "tests/support/slab_store.hpp"
#include "tests/unit/worker/worker_fakes.hpp"

#include <array>
#include <deque>
#include <optional>

namespace kvc::test {

/// A worker whose controller, network and clock obey the test. It has one
/// shard and gets epoch 7 unless the test says otherwise.
struct worker_fixture {
  change_hub hub;
  slab_store store{hub};
  std::array<fake_sink, 2> sinks;
  fake_network network;
  fake_controller controller;
  std::optional<caf::error> end;    ///< Why the worker ended.
  std::deque<work_pool::job> jobs;  ///< Submitted, not done.
  fake_chunk_store chunks;
  rank here;
  worker_settings settings;
  deterministic_system system;
  std::array<report_sink_actor, 2> shards = {spawn_sink(system, &sinks[0]),
                                             spawn_sink(system, &sinks[1])};
  dialer_actor dialer = spawn_dialer(system, &network);
  lookup_actor lookups = spawn_lookups(system);
  registrar_actor link;
  worker_impl aut;

  worker_fixture();

  /// Drops the handles that the system must not outlive.
  ~worker_fixture();

  void open_link();

  /// From now on, links lead to another controller's registrar.
  void cut_link();

  void start();

  /// Sends to the worker.
  template <class Message>
  void send(const Message& msg);

  /// Have the network or the controller send what it held back.
  void release_dials();
  void release_greetings();

  void advance(std::int64_t milliseconds) {
    system.advance(std::chrono::milliseconds{milliseconds});
  }

  /// Returns terms by which something may begin `within` so long.
  order_terms terms(std::chrono::milliseconds within) const {
    return {controller.greeting.controller_id, controller.greeting.epoch,
            system.boot_clock() + controller.clock_lead + within};
  }

  void admit(std::uint64_t hash) {
    store.admit(hash);
    system.run();
  }
};

}  // namespace kvc::test
