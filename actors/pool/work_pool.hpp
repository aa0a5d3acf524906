#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kvc {

/// A fixed number of threads that run jobs in the order of their submission.
/// Whoever has much to do submits it piece by piece, so that others get their
/// turn in between. Thread-safe.
class work_pool {
 public:
  using job = std::function<void()>;

  /// Starts the threads, at least one.
  explicit work_pool(std::size_t threads);

  work_pool(const work_pool&) = delete;
  work_pool& operator=(const work_pool&) = delete;

  ~work_pool();  ///< Stops.

  /// Drops the jobs that have not begun, and those to come, and waits for the
  /// others. Not for two threads at once.
  void stop();

  /// Must not throw when it runs.
  void submit(job work);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable has_changed_;
  std::deque<job> jobs_;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;  ///< Last: they use the rest.
};

}  // namespace kvc
