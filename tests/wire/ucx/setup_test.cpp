#include "tests/wire/ucx/peer_process.hpp"
#include "tests/wire/ucx/ucx_fixture.hpp"

#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint64_t bytes = 4 * mega;

opened_transport try_open(const transport_options& options) {
  return open_transport(options, KVC_UCX_MODULE);
}

/// What a process did: its CPU time, and how often its threads went to sleep.
struct process_use {
  double cpu_seconds = 0;
  std::uint64_t sleeps = 0;
};

process_use use_of(::pid_t pid) {
  process_use out;
  clockid_t clock{};
  REQUIRE(::clock_getcpuclockid(pid, &clock) == 0);
  timespec time{};
  ::clock_gettime(clock, &time);
  out.cpu_seconds =
    static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  const auto tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator{tasks}) {
    std::ifstream status{task.path() / "status"};
    std::string word;
    while (status >> word)
      if (word == "voluntary_ctxt_switches:") {
        std::uint64_t count = 0;
        status >> count;
        out.sleeps += count;
      }
  }
  REQUIRE(out.sleeps > 0);
  return out;
}

/// Connects to the port, sends `text` and closes.
void throw_at(std::uint16_t port, const std::string& text) {
  const auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
    (void)!::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  ::close(fd);
}

}  // namespace

TEST_SUITE("ucx_transport") {
  TEST_CASE("leaves the signals and the libc of its process alone") {
    peer_process owner{bytes, 1, true};
    CHECK(owner.leave() == 0);
  }

  TEST_CASE("has zeroed memory of the size that was asked for") {
    for (const auto is_shared : {true, false}) {
      const auto made =
        open({.memory_bytes = bytes, .allow_shared_memory = is_shared});
      CHECK(made->memory().size() == bytes);
      CHECK(std::all_of(made->memory().begin(), made->memory().end(),
                        [](auto x) { return x == std::byte{0}; }));
      CHECK(made->address().size() < 400);
    }
  }

  TEST_CASE("takes the port that it is given, or another if that is busy") {
    const auto first = open({.memory_bytes = bytes});
    CHECK(first->port() > 0);
    const auto second =
      try_open({.memory_bytes = bytes, .port = first->port()});
    REQUIRE(second.value);
    CHECK(second.value->port() != first->port());
    CHECK(second.warnings ==
          std::vector<std::string>{"port " + std::to_string(first->port()) +
                                   " is busy: the system chooses another"});
    first->stop();
    const auto port = first->port();
    const auto third = try_open({.memory_bytes = bytes, .port = port});
    REQUIRE(third.value);
    CHECK(third.value->port() == port);
    CHECK(third.warnings.empty());
  }

  TEST_CASE("falls back to TCP if /dev/shm is too small") {
    const auto made = try_open({.memory_bytes = std::uint64_t{1} << 42U});
    // So much cannot be mapped privately either, everywhere.
    if (made.value)
      CHECK(made.warnings.size() == 1);
    else
      CHECK(made.error.find("1099511627776") == std::string::npos);
  }

  TEST_CASE("says what is wrong with its options") {
    CHECK(try_open({.memory_bytes = 0}).error == "a transport without memory");
    CHECK(try_open({.memory_bytes = bytes, .host = "192.0.2.1"}).error ==
          "192.0.2.1: no interface of this machine has 192.0.2.1");
    CHECK(try_open({.memory_bytes = bytes, .host = "no.such.host.invalid"})
            .error.starts_with("no.such.host.invalid: "));
    CHECK(try_open({.memory_bytes = bytes, .host = "localhost"}).error.empty());
  }

  TEST_CASE("refuses reads when too many wait") {
    const peer_process owner{bytes, 1, false};
    const auto reader =
      open({.memory_bytes = bytes,
            .allow_shared_memory = false,
            .limits = {.reads_at_once = 2, .reads_waiting = 3}});
    const std::vector<remote_span> spans{{0, 0, bytes}};
    CHECK(start(*reader, owner.address(), spans).status() == read_status::done);
    owner.send(SIGSTOP);
    std::vector<started_read> reads;
    for (int i = 0; i < 6; ++i) {
      reads.push_back(start(*reader, owner.address(), spans));
      std::this_thread::sleep_for(20ms);
    }
    CHECK(reads.back().status() == read_status::too_busy);
    CHECK(reads.back().out->drains());
    owner.send(SIGCONT);
    int done = 0;
    for (auto& x : reads)
      done += x.status() == read_status::done ? 1 : 0;
    CHECK(done >= 4);
  }

  TEST_CASE("sleeps when there is nothing to do") {
    const peer_process owner{bytes, 1, false};
    const auto reader =
      open({.memory_bytes = bytes, .allow_shared_memory = false});
    start(*reader, owner.address(), {{0, 0, bytes}}).result();
    std::this_thread::sleep_for(200ms);
    // A transport without work looks five times a second. CPU time says more
    // about the machine, so that its bound only catches one that spins.
    const std::array pids{::getpid(), owner.pid()};
    const std::array before{use_of(pids[0]), use_of(pids[1])};
    const auto begun = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(2s);
    for (std::size_t i = 0; i < pids.size(); ++i) {
      const auto after = use_of(pids[i]);
      const std::chrono::duration<double> passed =
        std::chrono::steady_clock::now() - begun;
      const auto sleeps = after.sleeps - before[i].sleeps;
      CHECK(static_cast<double>(sleeps) < 15 * passed.count());
      CHECK(after.cpu_seconds - before[i].cpu_seconds < 0.1 * passed.count());
    }
  }

  TEST_CASE("loses no other peer to the bytes that abort UCX 1.13.1") {
    peer_process victim{bytes, 1, false};
    const peer_process other{bytes, 2, false};
    const auto reader =
      open({.memory_bytes = bytes, .allow_shared_memory = false});
    const std::vector<remote_span> spans{{0, 0, bytes}};
    CHECK(start(*reader, victim.address(), spans).status() ==
          read_status::done);
    // What UCX's peers greet each other with, and then a length that is none.
    constexpr std::uint64_t magic = 0xCAFEBABE12345678U;
    std::string text(sizeof magic, '\0');
    std::memcpy(text.data(), &magic, sizeof magic);
    throw_at(victim.port(), text + std::string(64, '\xA5'));
    // Debian's build asserts; another may survive, and must go on then.
    const auto expected =
      victim.ends(3s) ? read_status::unreachable : read_status::done;
    CHECK(start(*reader, victim.address(), spans).status() == expected);
    CHECK(start(*reader, other.address(), spans).status() == read_status::done);
    CHECK(are_copied(*reader, 2, spans));
  }

  TEST_CASE("survives junk on its port") {
    const auto owner =
      open({.memory_bytes = bytes, .allow_shared_memory = false});
    fill(owner->memory(), 1);
    std::mt19937_64 random{17};
    for (int i = 0; i < 10'000; ++i) {
      std::string text(random() % 512, '\0');
      for (auto& x : text)
        x = static_cast<char>(random());
      throw_at(owner->port(), text);
    }
    const auto reader =
      open({.memory_bytes = bytes, .allow_shared_memory = false});
    const std::vector<remote_span> spans{{0, 0, bytes}};
    CHECK(start(*reader, address_of(*owner), spans).status() ==
          read_status::done);
    CHECK(are_copied(*reader, 1, spans));
  }
}
