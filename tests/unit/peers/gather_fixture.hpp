#pragma once

#include "actors/peers/gatherer.hpp"
#include "messages/lookup.hpp"
#include "tests/support/ask_later.hpp"
#include "tests/support/peer_fixture.hpp"

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

/// A gatherer, and two peers: "b" is there, "c" is elsewhere.
struct gather_fixture : peer_fixture {
  std::unique_ptr<transport> others = network.make_transport(64 * chunk_bytes);
  cpu_store elsewhere = store_over(*others, nullptr, now);
  peer_script c_script{.source = &elsewhere};
  lookup_script controller;
  lookup_actor lookups;
  gatherer_impl aut;

  gather_fixture();
  ~gather_fixture();

  /// The controller answers from now on.
  void open_link();

  void b_holds(std::uint32_t chunks) {
    controller.holders.push_back({address, chunks});
  }

  void c_holds(std::uint32_t chunks) {
    controller.holders.push_back(
      {{{"c", 0}, 4, "elsewhere", 7, others->address()}, chunks});
  }

  std::shared_ptr<answer_box<peer_source::result>> ask(const hashes& names);

  /// Asks; the answer has the controller answer what it was silent about.
  void ask_and_release(const hashes& names);

  /// Asks, waits, and returns how many are here then.
  std::size_t fetch(const hashes& names);

  /// Damages the first chunk of the next read, and of that once more.
  void damage_first();

  /// What a peer was asked for, lease by lease.
  static std::vector<hashes> asked(const peer_script& x);
};

}  // namespace kvc::test
