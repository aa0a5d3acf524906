#include "tests/support/fake_server.hpp"
#include "tests/wire/link/peer_fixture.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <memory>
#include <set>
#include <string>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Offers `door` to peers at a port, behind the guard.
class fake_door {
 public:
  explicit fake_door(
    peer_door_actor::behavior_type (*behavior)(peer_door_actor::pointer))
      : door_(node_.system().spawn(behavior)),
        acceptor_({.handshake_timeout = 1h}) {
    const auto bound = acceptor_.start(
      node_.system(), {caf::actor_cast<caf::strong_actor_ptr>(door_),
                       node_.system().message_types(door_)});
    REQUIRE(bound);
    port_ = bound->port;
  }

  ~fake_door() {
    acceptor_.stop();
    caf::anon_send_exit(door_, caf::exit_reason::user_shutdown);
  }

  fake_door(const fake_door&) = delete;
  fake_door& operator=(const fake_door&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  node node_;
  peer_door_actor door_;
  link_acceptor acceptor_;
  std::uint16_t port_ = 0;
};

/// Never answers.
peer_door_actor::behavior_type silent_door(peer_door_actor::pointer self) {
  return {[self](const introduce_peer&) -> caf::result<introduce_peer> {
    return self->make_response_promise<introduce_peer>();
  }};
}

/// Speaks another version.
peer_door_actor::behavior_type newer_door(peer_door_actor::pointer) {
  return {[](const introduce_peer&) -> caf::result<introduce_peer> {
    return caf::make_error(errc::version_mismatch, "ours is newer");
  }};
}

/// Has nobody who serves peers.
peer_door_actor::behavior_type empty_door(peer_door_actor::pointer) {
  return {[](const introduce_peer&) {
    return introduce_peer{protocol_version, {}};
  }};
}

/// Dies of the introduction.
peer_door_actor::behavior_type dying_door(peer_door_actor::pointer self) {
  return {[self](const introduce_peer&) -> caf::result<introduce_peer> {
    self->quit(caf::exit_reason::user_shutdown);
    return self->make_response_promise<introduce_peer>();
  }};
}

/// A process that links like a peer, but introduces itself only if told to.
class rude_peer {
 public:
  explicit rude_peer(std::uint16_t port)
      : own_(spawn_fake_peer(node_.system(), "rude")),
        connector_(std::make_shared<link_connector>(
          node_.system(),
          connector_options{.host = "127.0.0.1", .port = port})) {
    connect_result result;
    std::atomic<bool> is_done = false;
    connector_->connect([&](connect_result connected) {
      result = std::move(connected);
      is_done = true;
    });
    REQUIRE(eventually([&] { return is_done.load(); }));
    REQUIRE(result.socket);
    auto request = make_connect_request(
      node_.system(), {result.socket->release(), result.peer}, port);
    caf::scoped_actor self{node_.system()};
    self->request(basp_broker(node_.system()), patience, request.message)
      .receive(
        [&](const caf::node_id&, const caf::strong_actor_ptr& door,
            const std::set<std::string>&) {
          door_ = caf::actor_cast<peer_door_actor>(door);
        },
        [](const caf::error& why) { FAIL(describe(why)); });
  }

  ~rude_peer() {
    connector_->stop();
    caf::anon_send_exit(own_, caf::exit_reason::user_shutdown);
  }

  rude_peer(const rude_peer&) = delete;
  rude_peer& operator=(const rude_peer&) = delete;

  caf::expected<introduce_peer> introduce(const introduce_peer& card) {
    return node_.ask<introduce_peer>(door_, card);
  }

  node& self() { return node_; }
  const peer_actor& own() const { return own_; }
  const peer_door_actor& door() const { return door_; }

 private:
  node node_;
  peer_actor own_;
  std::shared_ptr<link_connector> connector_;
  peer_door_actor door_;
};

}  // namespace

TEST_SUITE("introduction") {
  TEST_CASE("times out at a peer that does not introduce itself") {
    fake_door other{silent_door};
    peer_node one{"one", {.introduction_timeout = 100ms}};
    CHECK(one.failure(other.port()) ==
          "timed_out: 127.0.0.1:" + std::to_string(other.port()) +
            ": the introduction: system_error(request_timeout)");
    CHECK(eventually([&] { return links_at(other.port()) == 0; }));
  }

  TEST_CASE("says that a peer's introduction is of another version") {
    fake_door other{newer_door};
    peer_node one{"one"};
    CHECK(one.dial(other.port()) == caf::error{errc::version_mismatch});
    CHECK(eventually([&] { return links_at(other.port()) == 0; }));
  }

  TEST_CASE("refuses a peer without an actor") {
    fake_door other{empty_door};
    peer_node one{"one"};
    CHECK(one.dial(other.port()) == caf::error{errc::unreachable});
    CHECK(eventually([&] { return links_at(other.port()) == 0; }));
  }

  TEST_CASE(
    "tries a peer again that dies of the introduction, but not for ever") {
    fake_door other{dying_door};
    peer_node one{"one"};
    CHECK(one.dial(other.port()) == caf::error{errc::unreachable});
    CHECK(eventually([&] { return links_at(other.port()) == 0; }));
  }

  TEST_CASE("cannot be dialled as a controller, nor dial one") {
    server controller;
    peer_node one{"one"};
    CHECK(one.dial(controller.port()) == caf::error{errc::version_mismatch});
    CHECK(eventually([&] { return links_at(controller.port()) == 0; }));
    client worker{one.port(), ""};
    CHECK(worker.dial() == caf::error{errc::version_mismatch});
  }

  TEST_CASE("cuts a peer that dials and does not introduce itself") {
    peer_node one{"one", {.handshake_timeout = 200ms}};
    rude_peer guest{one.port()};
    CHECK(guest.self().goes_down(guest.door()));
    CHECK(eventually([&] { return links_at(one.port()) == 0; }));
  }

  TEST_CASE("refuses an introduction that does not fit, and cuts its link") {
    peer_node one{"one", {.handshake_timeout = 500ms}};
    rude_peer guest{one.port()};
    CHECK(guest.introduce({protocol_version + 1, guest.own()}) ==
          caf::error{errc::version_mismatch});
    CHECK(guest.introduce({protocol_version, {}}) ==
          caf::error{errc::unreachable});
    CHECK(guest.self().goes_down(guest.door()));
    CHECK(eventually([&] { return links_at(one.port()) == 0; }));
  }

  TEST_CASE("keeps a peer that introduces itself, beyond the deadline") {
    peer_node one{"one", {.handshake_timeout = 300ms}};
    rude_peer guest{one.port()};
    const auto card = guest.introduce({protocol_version, guest.own()});
    REQUIRE(card);
    CHECK(card->actor == one.own());
    // Accepted after the link, so cut after the link's deadline has passed.
    const raw_peer late{one.port()};
    CHECK(late.sees_close());
    CHECK(guest.self().is_up(guest.door()));
  }
}
