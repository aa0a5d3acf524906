#include "actors/pool/work_pool.hpp"

#include <algorithm>

namespace kvc {

work_pool::work_pool(std::size_t threads) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < std::max<std::size_t>(1, threads); ++i)
    threads_.emplace_back([this] { run(); });
}

work_pool::~work_pool() { stop(); }

void work_pool::stop() {
  std::deque<job> dropped;  // What they hold is let go without the lock.
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
    dropped.swap(jobs_);
  }
  dropped.clear();
  has_changed_.notify_all();
  for (auto& thread : threads_)
    thread.join();
  threads_.clear();
}

void work_pool::submit(job work) {
  {
    const std::lock_guard lock{mutex_};
    if (is_stopping_)
      return;
    jobs_.push_back(std::move(work));
  }
  has_changed_.notify_one();
}

void work_pool::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    has_changed_.wait(lock, [this] { return is_stopping_ || !jobs_.empty(); });
    if (is_stopping_)
      return;
    {
      const auto work = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      work();
    }  // What the job held is let go without the lock.
    lock.lock();
  }
}

}  // namespace kvc
