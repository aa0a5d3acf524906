#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

namespace kvc {

/// Touches memory before it is needed, on a thread of its own, so that the
/// system provides it: a fresh huge page takes up to 5 ms under a hypervisor.
class page_warmer {
 public:
  page_warmer() : thread_([this] { run(); }) {}
  page_warmer(const page_warmer&) = delete;
  page_warmer& operator=(const page_warmer&) = delete;

  /// Ends after the request that is running; drops the others.
  ~page_warmer();

  /// Asks for whole pages, whose contents stay as they are. They must live
  /// longer than the warmer.
  void warm(std::byte* pages, std::size_t bytes);

  /// Returns how many calls of `warm` are done; they are done in order.
  std::size_t done() const { return done_.load(std::memory_order_acquire); }

 private:
  struct request {
    std::byte* pages;
    std::size_t bytes;
  };

  void run();

  std::mutex mutex_;
  std::condition_variable is_wanted_;
  std::deque<request> requests_;
  bool is_ending_ = false;
  std::atomic<std::size_t> done_ = 0;
  std::thread thread_;
};

}  // namespace kvc
