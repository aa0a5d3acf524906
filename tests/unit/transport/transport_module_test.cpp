#include "net/transport/transport_module.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <future>
#include <string>
#include <thread>

using namespace kvc;

namespace {

std::string value_of(const char* name) {
  const auto* found = std::getenv(name);
  return found == nullptr ? "" : found;
}

/// What prepare_transport() says beside another thread.
std::string prepare_beside_another() {
  std::promise<void> may_end;
  std::thread other{[&] { may_end.get_future().wait(); }};
  auto result = prepare_transport();
  may_end.set_value();
  other.join();
  return result;
}

}  // namespace

TEST_SUITE("transport_module") {
  TEST_CASE("sets UCX's variables beside no other thread") {
    for (const auto* name :
         {"UCX_HANDLE_ERRORS", "UCX_DEBUG_SIGNO", "UCX_WARN_UNUSED_ENV_VARS",
          "UCX_LOG_LEVEL", "UCX_LOG_FILE"})
      ::unsetenv(name);
    ::setenv("UCX_MEM_EVENTS", "y", 1);
    ::setenv("UCX_LOG_LEVEL", "info", 1);
    CHECK(prepare_beside_another() ==
          "other threads run already; set before the start: UCX_MEM_EVENTS=n "
          "UCX_HANDLE_ERRORS=none UCX_DEBUG_SIGNO=0 "
          "UCX_WARN_UNUSED_ENV_VARS=n UCX_LOG_FILE=stderr");
    CHECK(value_of("UCX_MEM_EVENTS") == "y");
    CHECK(std::getenv("UCX_HANDLE_ERRORS") == nullptr);
    while (!prepare_transport().empty())  // The other one is about to vanish.
      std::this_thread::yield();
    CHECK(value_of("UCX_MEM_EVENTS") == "n");
    CHECK(value_of("UCX_HANDLE_ERRORS") == "none");
    CHECK(value_of("UCX_LOG_FILE") == "stderr");
    CHECK(value_of("UCX_LOG_LEVEL") == "info");
    CHECK(prepare_beside_another() == "");
  }
}
