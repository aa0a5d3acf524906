#include "apps/node/bounded_run.hpp"

#include <future>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

namespace kvc {

bool ends_within(std::chrono::milliseconds patience,
                 std::function<void()> work) {
  const auto task = std::make_shared<std::function<void()>>(std::move(work));
  const auto ended = std::make_shared<std::promise<void>>();
  const auto is_over = ended->get_future();
  std::thread runner;
  try {
    runner = std::thread{[task, ended] {
      std::exchange(*task, nullptr)();
      ended->set_value();
    }};
  } catch (const std::system_error&) {
    (*task)();
    return true;
  }
  if (is_over.wait_for(patience) != std::future_status::ready) {
    runner.detach();
    return false;
  }
  runner.join();
  return true;
}

}  // namespace kvc
