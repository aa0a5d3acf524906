#include "tests/wire/link/link_fixture.hpp"

#include <caf/send.hpp>

#include <memory>
#include <vector>

using namespace kvc;
using namespace kvc::test;

namespace {

worker_actor::behavior_type idle_worker() {
  return {[](const get_health&) { return health{}; }};
}

}  // namespace

TEST_SUITE("link") {
  TEST_CASE("carries typed requests") {
    server controller{{.secret = "s"}};
    client worker{controller.port(), "s"};
    const auto registrar = worker.dial();
    REQUIRE(registrar);
    CHECK(worker.works(*registrar));
  }

  TEST_CASE("gives every process a node id of its own") {
    node one;
    node two;
    CHECK(one.system().node() != two.system().node());
    CHECK(one.system().node() != caf::none);
  }

  TEST_CASE("answers dials that meet with one link") {
    server controller;
    client worker{controller.port(), ""};
    caf::scoped_actor self{worker.self().system()};
    std::vector<caf::actor_addr> answers;
    for (int i = 0; i < 8; ++i)
      self->send(worker.actor(), dial{});
    for (int i = 0; i < 8; ++i)
      self->receive(
        [&](const registrar_actor& one) { answers.push_back(one.address()); },
        [&](const caf::error& why) { FAIL(describe(why)); },
        caf::after(patience) >> [] { FAIL("no answer"); });
    CHECK(answers == std::vector(8, worker.link().address()));
  }

  TEST_CASE("resolves names") {
    server controller;
    client worker{{.host = "localhost", .port = controller.port()}};
    CHECK(worker.works(worker.link()));
  }

  TEST_CASE("serves many processes") {
    server controller{{.secret = "s"}};
    std::vector<std::unique_ptr<client>> workers;
    for (int i = 0; i < 8; ++i)
      workers.push_back(std::make_unique<client>(controller.port(), "s"));
    for (auto& worker : workers)
      CHECK(worker->works(worker->link()));
  }

  TEST_CASE("tells the worker when the controller is gone") {
    auto controller = std::make_unique<server>();
    client worker{controller->port(), ""};
    const auto registrar = worker.link();
    controller.reset();
    CHECK(worker.self().goes_down(registrar));
  }

  TEST_CASE("tells the controller when a worker is gone") {
    server controller;
    auto worker = std::make_unique<client>(controller.port(), "");
    const auto registrar = worker->link();
    register_worker hello;
    hello.profile.id.rank = 3;
    hello.actor = worker->self().system().spawn(idle_worker);
    const auto granted = worker->self().ask<welcome>(registrar, hello);
    REQUIRE(granted);
    CHECK(granted->epoch == 103);
    caf::anon_send_exit(hello.actor, caf::exit_reason::kill);
    worker.reset();
    CHECK(eventually([&] { return controller.lost_workers() == 1; }));
  }

  TEST_CASE("comes up again after the acceptor restarts on its port") {
    auto controller = std::make_unique<server>();
    const auto port = controller->port();
    client worker{port, ""};
    auto registrar = worker.link();
    controller.reset();
    REQUIRE(worker.self().goes_down(registrar));
    CHECK(eventually([&] { return !worker.dial(); }));
    controller = std::make_unique<server>(acceptor_options{.port = port});
    registrar = worker.link();
    CHECK(worker.works(registrar));
  }

  TEST_CASE("survives its acceptor") {
    server controller;
    client worker{controller.port(), ""};
    const auto registrar = worker.link();
    controller.acceptor().stop();
    CHECK(worker.works(registrar));
    client late{controller.port(), ""};
    CHECK(late.dial() == caf::error{errc::unreachable});
  }
}
