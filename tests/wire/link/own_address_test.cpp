#include "net/link/socket_address.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/wire/link/link_fixture.hpp"

#include <future>
#include <string>

using namespace kvc;
using namespace kvc::test;

namespace {

using boost::asio::ip::make_address;

/// Where this machine is reached from outside; "127.0.0.1" if nowhere.
const auto outside = away_from_loopback(make_address("127.0.0.1"));

/// Returns where a worker believes to be reached, if its controller sees it at
/// `seen`.
std::string own_address_if_seen_at(const std::string& seen) {
  const fake_server controller{[&](const raw_peer& peer) {
    welcome_client(peer, "", to_bytes(make_address(seen)));
  }};
  node worker;
  std::promise<connect_result> ended;
  link_connector connector{worker.system(),
                           {.host = "127.0.0.1", .port = controller.port()}};
  connector.connect(
    [&](connect_result result) { ended.set_value(std::move(result)); });
  const auto result = ended.get_future().get();
  REQUIRE(result.socket);
  return result.own_address.text();
}

}  // namespace

TEST_SUITE("own address") {
  TEST_CASE("is what the controller sees, unless that is its loopback") {
    CHECK(own_address_if_seen_at("203.0.113.7") == "203.0.113.7");
    CHECK(own_address_if_seen_at("2001:db8::7") == "2001:db8::7");
    CHECK(own_address_if_seen_at("::1") == "127.0.0.1");
    CHECK(own_address_if_seen_at("127.0.0.9") == "127.0.0.1");
    CHECK(own_address_if_seen_at("::") == "127.0.0.1");
  }

  TEST_CASE("is on the loopback only if the controller is, too") {
    server local;
    client near{local.port(), ""};
    near.link();
    CHECK(near.own_address() == "127.0.0.1");
    server open{{.host = "0.0.0.0", .secret = "s"}};
    client worker{open.port(), "s"};
    worker.link();
    CHECK(worker.own_address() == to_host_address(outside).text());
  }

  TEST_CASE("is one of this machine's") {
    if (to_host_address(outside).is_loopback())
      MESSAGE("skipped: this machine has no way to others");
    else
      CHECK(server{{.host = outside.to_string(), .secret = "s"}}.port() != 0);
    const auto other = make_address("192.0.2.9");
    CHECK(away_from_loopback(other) == other);
  }

  TEST_CASE("has one form in both families") {
    CHECK(to_host_address(make_address("::ffff:10.0.0.1")) == "10.0.0.1");
    CHECK(to_host_address(to_bytes(make_address("10.0.0.1"))) == "10.0.0.1");
    CHECK(to_host_address(to_bytes(make_address("fd00::5"))) == "fd00::5");
  }
}
