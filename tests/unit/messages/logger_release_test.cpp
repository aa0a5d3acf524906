#include "messages/logger_release.hpp"

#include <doctest/doctest.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <thread>

using namespace kvc;

TEST_SUITE("logger_release") {
  TEST_CASE("lets a system end before the threads that used it") {
    caf::actor_system_config config;
    std::unique_ptr<caf::actor_system> system;
    {
      const logger_release release;
      system = std::make_unique<caf::actor_system>(config);
    }
    std::promise<void> has_used;
    std::promise<void> may_end;
    std::thread user{[&] {
      {
        const logger_release release;
        const caf::scoped_actor self{*system};
      }
      has_used.set_value();
      may_end.get_future().wait();
    }};
    has_used.get_future().wait();
    const auto ending = std::async(std::launch::async, [&] { system.reset(); });
    CHECK(ending.wait_for(std::chrono::seconds{20}) ==
          std::future_status::ready);
    may_end.set_value();
    user.join();
  }
}
