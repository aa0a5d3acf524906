#pragma once

#include "actors/worker/worker.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/slab_store.hpp"
#include "tests/unit/worker/fake_chunk_store.hpp"
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
  std::vector<std::uint64_t> welcomed;  ///< Epochs.
  int links_lost = 0;
  std::optional<caf::error> end;    ///< Why the worker ended.
  std::deque<work_pool::job> jobs;  ///< Submitted, not done.
  fake_chunk_store chunks;
  command_services commands{
    [this](work_pool::job work) { jobs.push_back(std::move(work)); },
    [this](location where) {
      return where == location::cpu ? &chunks : nullptr;
    },
    [] { return command_result{.code = -1, .detail = "torn"}; }};
  worker_settings settings;
  deterministic_system system;
  std::array<report_sink_actor, 2> shards = {
    system.spawn(fake_sink_actor, &sinks[0]),
    system.spawn(fake_sink_actor, &sinks[1])};
  fake_dialer_impl dialer = system.spawn(fake_dialer, &network);
  fake_registrar_impl link;
  worker_impl aut;

  worker_fixture() {
    settings.profile.id = {"vllm-0", 2};
    settings.process = {100, 0x7F4A7C15};
    controller.greeting.controller_id = 9;
    controller.greeting.epoch = 7;
    controller.greeting.max_reports = 4;
    controller.greeting.max_report_keys = 8;
    controller.greeting.shards = {{shards[0], 0}};
    open_link();
  }

  /// Drops the handles that the system must not outlive.
  ~worker_fixture() {
    hub.stop();
    network.link = nullptr;
    for (auto& sink : sinks)
      sink.held.clear();
    controller.hellos.clear();
    controller.greeting = {};
  }

  void open_link() {
    link = system.spawn(fake_registrar, &controller);
    network.link = link;
  }

  /// From now on, links lead to another controller's registrar.
  void cut_link() {
    const auto previous = link;
    open_link();
    system.kill(previous);
  }

  void start() {
    aut = system.spawn(worker,
                       worker_services{dialer, hub, store, commands,
                                       [this](const welcome& answer) {
                                         welcomed.push_back(answer.epoch);
                                       },
                                       [this] { ++links_lost; }},
                       settings);
    aut->attach_functor([this](const caf::error& why) { end = why; });
  }

  template <class Handle, class Message>
  void send(const Handle& target, Message msg) {
    caf::anon_send(target, msg);
    system.run();
  }

  void advance(std::int64_t milliseconds) {
    system.advance(std::chrono::milliseconds{milliseconds});
  }

  void admit(std::uint64_t hash) {
    store.admit(hash);
    system.run();
  }
};

}  // namespace kvc::test
