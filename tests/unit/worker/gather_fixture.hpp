#pragma once

#include "actors/worker/gatherer.hpp"
#include "tests/unit/worker/peer_fixture.hpp"
#include "tests/unit/worker/worker_fakes.hpp"

#include <doctest/doctest.h>

namespace kvc::test {

/// What a controller was asked about holders, and what it says.
struct lookup_script {
  std::vector<chunk_holder> holders{};
  bool is_silent = false;
  caf::error refusal{};
  std::vector<locate_chunks> questions{};
  std::vector<caf::typed_response_promise<std::vector<chunk_holder>>> held{};
};

using scripted_lookups_impl = lookup_actor::extend<caf::reacts_to<release>>;

inline scripted_lookups_impl::behavior_type scripted_lookups(
  scripted_lookups_impl::pointer self, lookup_script* script) {
  using answer = caf::result<std::vector<chunk_holder>>;
  return {
    [](const find_prefixes&) { return std::vector<prefix_match>{}; },
    [=](const locate_chunks& msg) -> answer {
      script->questions.push_back(msg);
      if (script->is_silent) {
        script->held.push_back(
          self->make_response_promise<std::vector<chunk_holder>>());
        return script->held.back();
      }
      if (script->refusal)
        return script->refusal;
      return script->holders;
    },
    [=](release) {
      for (auto& x : std::exchange(script->held, {}))
        x.deliver(script->holders);
    },
  };
}

/// A gatherer, and two peers: "b" is there, "c" is elsewhere.
struct gather_fixture : peer_fixture {
  std::unique_ptr<transport> others = network.make_transport(64 * chunk_bytes);
  cpu_store elsewhere = store_over(*others, nullptr, now);
  peer_script c_script{.source = &elsewhere};
  lookup_script controller;
  bool has_link = true;
  lookup_actor lookups = system.spawn(scripted_lookups, &controller);
  gatherer_actor aut = spawn_gatherer();

  gather_fixture() : peer_fixture(64, 64) {
    peers.links["elsewhere"] = system.spawn(scripted_peer, &c_script);
  }

  ~gather_fixture() {
    system.kill(aut);
    others->stop();
    jobs.clear();
    controller.held.clear();
    c_script.forget();
    peers = {};
  }

  gatherer_actor spawn_gatherer(const std::string& host = "here") {
    return system.spawn(
      gatherer,
      gather_services{{"a", 0},
                      "llama",
                      host,
                      [this] { return has_link ? lookups : lookup_actor{}; },
                      services()},
      gather_options{});
  }

  void b_holds(std::uint32_t chunks) {
    controller.holders.push_back({address, chunks});
  }

  void c_holds(std::uint32_t chunks) {
    controller.holders.push_back(
      {{{"c", 0}, 4, "elsewhere", 7, others->address()}, chunks});
  }

  std::shared_ptr<answer_box<peer_source::result>> ask(const hashes& names) {
    return ask_later<peer_source::result>(system, aut, gather_chunks{names});
  }

  /// Asks, waits, and returns how many are here then.
  std::size_t fetch(const hashes& names) {
    const auto answer = ask(names);
    settle();
    REQUIRE(answer->value);
    return answer->value->chunks;
  }

  /// Damages the first chunk of the next read, and of that once more.
  void damage_first() {
    work();
    for (int i = 0; i < 2; ++i) {
      network.corrupt_next(1);
      network.run_all();
      system.run();
    }
  }

  /// What a peer was asked for, lease by lease.
  static std::vector<hashes> asked(const peer_script& x) {
    std::vector<hashes> result;
    for (const auto& lease : x.leases)
      result.push_back(lease.hashes.keys);
    return result;
  }
};

}  // namespace kvc::test
