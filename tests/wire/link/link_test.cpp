#include "tests/support/idle_worker.hpp"
#include "tests/support/ipv6.hpp"
#include "tests/wire/link/link_fixture.hpp"

#include <caf/send.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <memory>
#include <vector>

using namespace kvc;
using namespace kvc::test;

namespace {

/// A worker in a process of its own: registers, then waits to be killed.
class worker_process {
 public:
  worker_process() {
    REQUIRE(::pipe(pipe_.data()) == 0);
    process_ = ::fork();
    if (process_ == 0)
      run();
  }

  ~worker_process() {
    kill();
    ::waitpid(process_, nullptr, 0);
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }

  worker_process(const worker_process&) = delete;
  worker_process& operator=(const worker_process&) = delete;

  /// Makes it register with the controller at `port`.
  void start(std::uint16_t port) const {
    REQUIRE(::write(pipe_[1], &port, sizeof port) == sizeof port);
  }

  void kill() const { ::kill(process_, SIGKILL); }

 private:
  [[noreturn]] void run() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::uint16_t port = 0;
    if (::read(pipe_[0], &port, sizeof port) != sizeof port)
      ::_exit(1);
    client worker{port, ""};
    register_worker hello;
    hello.actor = worker.self().system().spawn(idle_worker);
    if (worker.self().ask<welcome>(worker.link(), hello))
      ::pause();
    ::_exit(1);
  }

  std::array<int, 2> pipe_{};
  pid_t process_ = -1;
};

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
        [&](const registrar_actor& one, const std::string&) {
          answers.push_back(one.address());
        },
        [&](const caf::error& why) { FAIL(describe(why)); },
        caf::after(patience) >> [] { FAIL("no answer"); });
    CHECK(answers == std::vector(8, worker.link().address()));
  }

  TEST_CASE("resolves names") {
    server controller;
    client worker{{.host = "localhost", .port = controller.port()}};
    CHECK(worker.works(worker.link()));
  }

  TEST_CASE("links over IPv6") {
    if (!has_ipv6_loopback())
      return;
    server controller{{.host = "[::1]"}};
    client worker{{.host = "0:0::1", .port = controller.port()}};
    CHECK(worker.works(worker.link()));
    CHECK(worker.own_address() == "::1");
    client lost{{.host = "::1", .port = 1}};
    CHECK(lost.failure() == "unreachable: [::1]:1: Connection refused");
  }

  TEST_CASE("serves many processes") {
    server controller{{.secret = "s"}};
    std::vector<std::unique_ptr<client>> workers;
    workers.reserve(8);
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

  TEST_CASE("tells the controller when a worker is killed") {
    const worker_process worker;  // First, while this process has one thread.
    server controller;
    worker.start(controller.port());
    REQUIRE(eventually([&] { return controller.registered_workers() == 1; }));
    CHECK(controller.lost_workers() == 0);
    worker.kill();
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

  TEST_CASE("changes its secret while it is up") {
    server controller{{.secret = "old"}};
    client before{controller.port(), "old"};
    const auto link = before.link();
    REQUIRE(before.works(link));
    controller.acceptor().set_secret("new");
    CHECK(dials(controller, "new"));
    CHECK(before.works(link));
    client after{controller.port(), "old"};
    CHECK(after.failure().starts_with("unauthorized"));
    after.connector().set_secret("new");
    CHECK(after.works(after.link()));
  }

  TEST_CASE("survives its acceptor") {
    server controller;
    client worker{controller.port(), ""};
    const auto registrar = worker.link();
    REQUIRE(worker.works(registrar));  // Now the link is up at both ends.
    controller.acceptor().stop();
    CHECK(worker.works(registrar));
    client late{controller.port(), ""};
    CHECK(late.dial() == caf::error{errc::unreachable});
  }
}
