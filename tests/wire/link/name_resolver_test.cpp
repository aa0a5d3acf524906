#include "net/link/name_resolver.hpp"

#include "net/link/outbound.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/wire/link/peer_fixture.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using namespace kvc;
using namespace kvc::test;

namespace {

namespace asio = boost::asio;
using asio::ip::make_address;
using boost::system::error_code;
using clock_type = std::chrono::steady_clock;

/// A name service whose answers for names that begin with "slow" wait until
/// release(). Outlives the resolver, like the system's.
class fake_names {
 public:
  name_resolver::lookup lookup() const {
    return [state = state_](const std::string& host, error_code& failure) {
      return state->answer(host, failure);
    };
  }

  void release() const {
    const std::lock_guard lock{state_->mutex};
    state_->is_released = true;
    state_->changed.notify_all();
  }

  /// Returns how often anybody asked for `host`.
  int asked(const std::string& host) const {
    const std::lock_guard lock{state_->mutex};
    return state_->asked[host];
  }

  /// Returns whether `count` threads wait, once that is so.
  bool waits(int count) const {
    return eventually([&] {
      const std::lock_guard lock{state_->mutex};
      return state_->waiting == count;
    });
  }

 private:
  struct shared_state {
    name_resolver::addresses answer(const std::string& host,
                                    error_code& failure) {
      std::unique_lock lock{mutex};
      ++asked[host];
      if (host.starts_with("slow")) {
        ++waiting;
        changed.wait(lock, [&] { return is_released; });
        --waiting;
      }
      if (host == "unknown")
        failure = asio::error::host_not_found;
      if (failure)
        return {};
      return {make_address("127.0.0.1")};
    }

    std::mutex mutex;
    std::condition_variable changed;
    bool is_released = false;
    int waiting = 0;
    std::map<std::string, int> asked;
  };

  std::shared_ptr<shared_state> state_ = std::make_shared<shared_state>();
};

/// A resolver whose answers are noted.
class resolving {
 public:
  ~resolving() { names_.release(); }

  std::uint64_t resolve(const std::string& host, std::uint16_t port) {
    return resolver_->resolve(
      host, port,
      [this, host](const error_code& failure,
                   const name_resolver::endpoints& found) {
        answers_.push_back(host + ' ' +
                           (failure ? failure.message()
                                    : found.at(0).address().to_string() + ':' +
                                        std::to_string(found.at(0).port())));
      });
  }

  /// Returns the answers, in their order, once there are `count` of them.
  std::vector<std::string> answers(std::size_t count) {
    CHECK(eventually([&] {
      io_.restart();
      io_.poll();
      return answers_.size() >= count;
    }));
    return answers_;
  }

  const fake_names& names() const { return names_; }
  name_resolver& resolver() { return *resolver_; }
  void end_resolver() { resolver_.reset(); }

 private:
  fake_names names_;
  asio::io_context io_;
  std::vector<std::string> answers_;
  std::unique_ptr<name_resolver> resolver_ =
    std::make_unique<name_resolver>(io_, names_.lookup());
};

/// The names "slow0", "slow1" ... that take all the threads.
std::vector<std::string> slow_names() {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < name_resolver::max_running; ++i)
    result.push_back("slow" + std::to_string(i));
  return result;
}

constexpr int all_threads = name_resolver::max_running;

}  // namespace

TEST_SUITE("name_resolver") {
  TEST_CASE("looks up a name while another one is stuck") {
    resolving names;
    names.resolve("slow", 1);
    REQUIRE(names.names().waits(1));
    names.resolve("quick", 2);
    CHECK(names.answers(1) == std::vector<std::string>{"quick 127.0.0.1:2"});
    names.names().release();
    CHECK(names.answers(2).back() == "slow 127.0.0.1:1");
  }

  TEST_CASE("reports a name that nobody has") {
    resolving names;
    names.resolve("unknown", 1);
    const error_code unknown = asio::error::host_not_found;
    CHECK(names.answers(1) ==
          std::vector<std::string>{"unknown " + unknown.message()});
  }

  TEST_CASE("looks a name up once for all that wait for it") {
    resolving names;
    for (const auto port : std::array<std::uint16_t, 3>{1, 2, 3})
      names.resolve("slow", port);
    names.names().release();
    CHECK(names.answers(3) == std::vector<std::string>{"slow 127.0.0.1:1",
                                                       "slow 127.0.0.1:2",
                                                       "slow 127.0.0.1:3"});
    CHECK(names.names().asked("slow") == 1);
    names.resolve("slow", 4);
    CHECK(names.answers(4).back() == "slow 127.0.0.1:4");
    CHECK(names.names().asked("slow") == 2);
  }

  TEST_CASE("lets names wait their turn while all threads are stuck") {
    resolving names;
    for (const auto& host : slow_names())
      names.resolve(host, 1);
    REQUIRE(names.names().waits(all_threads));
    names.resolve("quick", 2);
    names.resolve("::1", 3);
    CHECK(names.answers(1) == std::vector<std::string>{"::1 ::1:3"});
    CHECK(names.names().asked("quick") == 0);
    names.names().release();
    names.answers(all_threads + 2);
    CHECK(names.names().asked("quick") == 1);
  }

  TEST_CASE("does not look up what nobody waits for any more") {
    resolving names;
    for (const auto& host : slow_names())
      names.resolve(host, 1);
    REQUIRE(names.names().waits(all_threads));
    const auto first = names.resolve("dropped", 2);
    const auto second = names.resolve("dropped", 3);
    names.resolve("kept", 4);
    names.resolver().cancel(first);
    names.resolver().cancel(second);
    names.resolver().cancel(second);
    names.names().release();
    const auto answers = names.answers(all_threads + 1);
    CHECK(answers.size() == all_threads + 1);
    CHECK(names.names().asked("dropped") == 0);
    CHECK(names.names().asked("kept") == 1);
  }

  TEST_CASE("answers nobody who has cancelled") {
    resolving names;
    const auto first = names.resolve("slow", 1);
    names.resolve("slow", 2);
    REQUIRE(names.names().waits(1));
    names.resolver().cancel(first);
    names.names().release();
    CHECK(names.answers(1) == std::vector<std::string>{"slow 127.0.0.1:2"});
  }

  TEST_CASE("ends at once while look-ups are stuck, and answers nobody") {
    resolving names;
    names.resolve("slow", 1);
    names.resolve("127.0.0.1", 1);
    REQUIRE(names.names().waits(1));
    const auto start = clock_type::now();
    names.end_resolver();
    CHECK(clock_type::now() - start < 1s);
    names.names().release();
    REQUIRE(names.names().waits(0));
    CHECK(names.answers(0).empty());
  }

  TEST_CASE("keeps a dial's deadline while its name is stuck, and no other's") {
    const fake_names names;
    asio::io_context io;
    name_resolver resolver{io, names.lookup()};
    const silent_port open{8};
    const connector_options options{.connect_timeout = 100ms,
                                    .handshake_timeout = 100ms};
    std::map<std::string, std::string> failures;
    for (const auto* host : {"slow", "quick", "other"})
      std::make_shared<outbound>(
        io,
        outbound_settings{
          options, make_process_id("raw"), nullptr, {host, open.port()}},
        [&, host](const connect_result& result) {
          failures[host] = describe(result.error);
        })
        ->start(resolver);
    io.run();
    const auto port = std::to_string(open.port());
    CHECK(failures["slow"] == "timed_out: slow:" + port + ": connecting");
    const auto late = ':' + port + ": waiting for the handshake";
    CHECK(failures["quick"] == "timed_out: quick" + late);
    CHECK(failures["other"] == "timed_out: other" + late);
    names.release();
  }

  TEST_CASE("serves peers that are dialled by different names at once") {
    peer_node one{"one"};
    std::vector<std::unique_ptr<peer_node>> others;
    caf::scoped_actor self{one.self().system()};
    for (const auto* host :
         {"localhost", "LOCALHOST", "Localhost", "LocalHost"}) {
      others.push_back(std::make_unique<peer_node>(host));
      self->send(one.links().dialer(), dial_peer{host, others.back()->port()});
    }
    for (std::size_t i = 0; i < others.size(); ++i)
      self->receive([](const peer_actor&) {},
                    [](const caf::error& why) { FAIL_CHECK(describe(why)); },
                    caf::after(patience) >> [] { FAIL("no answer"); });
  }
}
