#include "actors/pool/work_pool.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <barrier>
#include <future>
#include <memory>

using namespace kvc;

TEST_SUITE("work_pool") {
  TEST_CASE("runs jobs in their order") {
    std::vector<int> done;
    std::promise<void> last;
    work_pool pool{1};
    for (int i = 0; i < 100; ++i)
      pool.submit([&done, i] { done.push_back(i); });
    pool.submit([&last] { last.set_value(); });
    last.get_future().wait();
    REQUIRE(done.size() == 100);
    for (int i = 0; i < 100; ++i)
      CHECK(done[static_cast<std::size_t>(i)] == i);
  }

  TEST_CASE("runs as many jobs at once as it has threads") {
    std::barrier meeting{4};  // Would never be passed by fewer.
    work_pool pool{3};
    for (int i = 0; i < 3; ++i)
      pool.submit([&meeting] { meeting.arrive_and_wait(); });
    meeting.arrive_and_wait();
  }

  TEST_CASE("drops at its end what has not begun, and what that held") {
    const auto held = std::make_shared<int>(1);
    std::atomic<int> done = 0;
    std::promise<void> has_begun;
    std::promise<void> may_end;
    auto pool = std::make_unique<work_pool>(1);
    pool->submit([&] {
      has_begun.set_value();
      may_end.get_future().wait();
      ++done;
    });
    pool->submit([&done, held] { ++done; });
    has_begun.get_future().wait();
    auto ending = std::async(std::launch::async, [&] { pool.reset(); });
    while (held.use_count() > 1)
      std::this_thread::yield();
    may_end.set_value();
    ending.wait();
    CHECK(done == 1);
  }

  TEST_CASE("ignores jobs after it was stopped") {
    const auto held = std::make_shared<int>(1);
    work_pool pool{1};
    pool.stop();
    pool.submit([held] { FAIL("ran"); });
    CHECK(held.use_count() == 1);
  }

  TEST_CASE("runs jobs that submit jobs") {
    std::promise<int> result;
    work_pool pool{2};
    pool.submit([&] { pool.submit([&] { result.set_value(7); }); });
    CHECK(result.get_future().get() == 7);
  }
}
