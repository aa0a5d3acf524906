#include "actors/index/page_warmer.hpp"

#include <sys/mman.h>

namespace kvc {

page_warmer::~page_warmer() {
  {
    const std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  is_wanted_.notify_one();
  thread_.join();
}

void page_warmer::warm(std::byte* pages, std::size_t bytes) {
  {
    const std::lock_guard lock{mutex_};
    requests_.push_back({pages, bytes});
  }
  is_wanted_.notify_one();
}

void page_warmer::run() {
  std::unique_lock lock{mutex_};
  while (!is_ending_) {
    if (requests_.empty()) {
      is_wanted_.wait(lock);
      continue;
    }
    const auto next = requests_.front();
    requests_.pop_front();
    lock.unlock();
    // A kernel before 5.14 refuses: then the first use has to wait.
    madvise(next.pages, next.bytes, MADV_POPULATE_WRITE);
    done_.fetch_add(1, std::memory_order_release);
    lock.lock();
  }
}

}  // namespace kvc
