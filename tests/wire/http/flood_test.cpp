#include "tests/wire/http/http_fixture.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>

#include <fstream>
#include <random>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// AddressSanitizer keeps what was freed for a while.
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t allowed_growth = 512UL << 20U;
#else
constexpr std::size_t allowed_growth = 32UL << 20U;
#endif

std::string junk(std::mt19937& random) {
  std::string result(random() % 600, '\0');
  for (auto& each : result)
    each = static_cast<char>(random());
  return result;
}

bool answers(http_fixture& fixture) {
  auto client = fixture.connect();
  client.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  return client.read_all().find("\r\n\r\nhello") != std::string::npos;
}

/// Allows no file descriptor beyond those in use, while it lives.
class descriptor_famine {
 public:
  descriptor_famine() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(lowest_free);
    const rlimit none{static_cast<rlim_t>(lowest_free), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }

  descriptor_famine(const descriptor_famine&) = delete;
  descriptor_famine& operator=(const descriptor_famine&) = delete;

  ~descriptor_famine() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_SUITE("http under flood") {
  TEST_CASE_FIXTURE(http_fixture, "outlives ten thousand junk connections") {
    start({.read_deadline = 200ms, .linger_time = 50ms});
    REQUIRE(answers(*this));
    const auto before = resident_bytes();
    std::mt19937 random{1};
    for (int batch = 0; batch < 100; ++batch) {
      std::vector<std::unique_ptr<raw_client>> clients;
      for (int i = 0; i < 100; ++i) {
        clients.push_back(std::make_unique<raw_client>(port));
        clients.back()->send(junk(random));
      }
    }
    CHECK(answers(*this));
    CHECK(eventually([&] { return server->connections() == 0; }));
    CHECK(resident_bytes() < before + allowed_growth);
  }

  TEST_CASE_FIXTURE(http_fixture, "serves beside hundreds that idle") {
    start();
    REQUIRE(answers(*this));
    const auto before = resident_bytes();
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 400; ++i) {
      clients.push_back(std::make_unique<raw_client>(port));
      clients.back()->send(i % 2 == 0 ? "" : "GET /he");
    }
    CHECK(eventually([&] { return server->connections() == 400; }));
    CHECK(answers(*this));
    CHECK(resident_bytes() < before + allowed_growth);
  }

  TEST_CASE_FIXTURE(http_fixture, "turns away newcomers while all are busy") {
    start({.max_connections = 1});
    auto busy = connect();
    busy.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(eventually([&] { return at_gate == 1; }));
    const auto refused = connect().read_all();
    CHECK(refused.find("HTTP/1.1 503 ") == 0);
    CHECK(refused.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    open_gate();
    CHECK(busy.read_answer().find("opened") != std::string::npos);
  }

  TEST_CASE_FIXTURE(http_fixture, "makes room by closing who waits longest") {
    start({.max_connections = 2});
    auto hoarder = connect();
    hoarder.send("GET /he");
    auto idle = connect();
    idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(!idle.read_answer().empty());
    CHECK(answers(*this));
    CHECK(hoarder.read_all().empty());
    idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(!idle.read_answer().empty());
  }

  TEST_CASE_FIXTURE(http_fixture, "looks for who waits longest in all lanes") {
    start({.threads = 2, .max_connections = 2});
    auto idle = connect();  // Of the first lane, as the third one.
    idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(!idle.read_answer().empty());
    auto hoarder = connect();
    hoarder.send("GET /he");
    REQUIRE(eventually([&] { return server->connections() == 2; }));
    CHECK(answers(*this));
    CHECK(hoarder.read_all().empty());
    idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(!idle.read_answer().empty());
  }

  TEST_CASE_FIXTURE(http_fixture, "makes room in a lane beside the busy one") {
    start({.threads = 2, .max_connections = 2});
    auto busy = connect();
    busy.send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(eventually([&] { return at_gate == 1; }));
    auto idle = connect();
    REQUIRE(eventually([&] { return server->connections() == 2; }));
    CHECK(answers(*this));
    CHECK(idle.read_all().empty());
    open_gate();
    CHECK(busy.read_answer().find("opened") != std::string::npos);
  }

  TEST_CASE_FIXTURE(http_fixture, "accepts again after a lack of descriptors") {
    start();
    auto before = connect();
    boost::asio::io_context io;
    boost::asio::ip::tcp::socket late{io};
    late.open(boost::asio::ip::tcp::v4());
    REQUIRE(eventually([&] { return server->connections() == 1; }));
    {
      const descriptor_famine famine;
      late.connect({boost::asio::ip::address_v4::loopback(), port});
      before.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
      CHECK(!before.read_answer().empty());
      CHECK(server->connections() == 1);
    }
    CHECK(eventually([&] { return server->connections() == 2; }));
    CHECK(answers(*this));
  }
}
