#include "tests/support/idle_worker.hpp"
#include "tests/support/link_corruption.hpp"
#include "tests/support/link_recorder.hpp"
#include "tests/wire/link/peer_fixture.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

using namespace kvc;
using namespace kvc::test;

namespace {

/// A controller with an honest worker, and a worker that says what it must not.
struct guarded {
  server controller;
  client honest{controller.port(), ""};
  registrar_actor its_registrar = honest.link();
  client rude{controller.port(), ""};
  registrar_actor registrar = rude.link();

  /// Sends `content` to the controller's registrar, without being asked.
  template <class Content>
  void say(Content content) {
    caf::anon_send(caf::actor_cast<caf::actor>(registrar), std::move(content));
  }

  /// Whether the link of the rude one ends, and all others work.
  bool ends_that_link_alone() {
    return rude.self().goes_down(registrar) && honest.works(its_registrar) &&
           dials(controller, "");
  }
};

}  // namespace

TEST_SUITE("guard") {
  TEST_CASE_FIXTURE(guarded, "ends the link of a peer that ends our actors") {
    say(
      caf::exit_msg{controller.registrar().address(), caf::exit_reason::kill});
    CHECK(ends_that_link_alone());
  }

  TEST_CASE_FIXTURE(guarded, "ends the link of a peer that forges an end") {
    say(
      caf::down_msg{controller.registrar().address(), caf::exit_reason::kill});
    CHECK(ends_that_link_alone());
  }

  TEST_CASE_FIXTURE(guarded,
                    "ends the link of a peer with CAF's own messages") {
    say(std::vector<char>(7));
    CHECK(ends_that_link_alone());
  }

  TEST_CASE_FIXTURE(guarded, "drops an error that answers nothing") {
    say(caf::make_error(errc::too_busy, "why"));
    CHECK(rude.works(registrar));
    CHECK(honest.works(its_registrar));
  }

  TEST_CASE("carries errors as answers") {
    server controller;
    client worker{controller.port(), ""};
    const auto registrar = worker.link();
    // The registrar takes no such message, and CAF says so.
    const auto answer = worker.self().ask<report_ack>(
      caf::actor_cast<caf::actor>(registrar), chunk_report{});
    CHECK(answer == caf::error{caf::sec::unexpected_message});
    CHECK(worker.works(registrar));
  }

  TEST_CASE("carries the end of a monitored actor, and the link stays") {
    server controller;
    client worker{controller.port(), ""};
    const auto registrar = worker.link();
    auto mortal = worker.self().system().spawn(idle_worker);
    register_worker hello;
    hello.actor = mortal;
    REQUIRE(worker.self().ask<welcome>(registrar, hello));
    CHECK(controller.lost_workers() == 0);
    caf::anon_send_exit(mortal, caf::exit_reason::kill);
    CHECK(eventually([&] { return controller.lost_workers() == 1; }));
    CHECK(worker.works(registrar));
    CHECK(worker.self().is_up(registrar));
  }

  // KVC_CORRUPTIONS=100000 plays so many sessions.
  TEST_CASE("a peer survives corrupted sessions of peers") {
    peer_node target{"target"};
    const auto record = [&] {
      const link_recorder recorder{target.port()};
      peer_node recorded{"recorded"};
      const auto peer = recorded.link(recorder.port());
      REQUIRE(recorded.name_of(peer) == "target");
      auto& self = recorded.self();
      for (const std::size_t keys : {0U, 1U, 2000U})
        REQUIRE(self.ask<chunk_lease>(
          peer, lease_chunks{.owner = {"target", 0},
                             .hashes = {std::vector<std::uint64_t>(keys, 7)}}));
      REQUIRE(self.ask<lease_term>(peer, renew_chunk_lease{{"target", 0}, 1}));
      REQUIRE(self.ask<surrender_report>(
        peer, surrender_chunks{{"target", 0}, 1, {{1, 2}}}));
      return recorder.frames();
    };
    link_corruption sessions{record(), 15};
    peer_node honest{"honest"};
    for (auto left = corruptions(150); left > 0; --left) {
      CAPTURE(left);
      REQUIRE(sessions.play(target.port(), ""));
      REQUIRE(honest.name_of(honest.link(target.port())) == "target");
    }
  }
}
