#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kvc {

/// A fixed number of threads that start jobs in the order of their submission.
/// Submit long work in pieces, so that other jobs get their turn. Thread-safe.
class work_pool {
 public:
  using job = std::function<void()>;

  /// Starts the threads, at least one.
  explicit work_pool(std::size_t threads);

  work_pool(const work_pool&) = delete;
  work_pool& operator=(const work_pool&) = delete;

  ~work_pool();  ///< Calls stop().

  /// Drops the jobs that have not started and all later ones, then waits for
  /// the running ones. Only one thread may call it.
  void stop();

  /// Queues `work`, which must not throw. After stop() it is dropped.
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
