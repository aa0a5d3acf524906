#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <thread>

namespace kvc {

/// Has the system provide memory before it is needed, from a thread of its
/// own: a fresh huge page costs up to 5 ms, under a hypervisor.
class page_warmer {
 public:
  page_warmer() : thread_([this] { run(); }) {}
  page_warmer(const page_warmer&) = delete;
  page_warmer& operator=(const page_warmer&) = delete;

  /// Stops at once. Memory must live longer than its warmer.
  ~page_warmer();

  /// Provides whole pages without changing what is in them, soon.
  void warm(std::byte* pages, std::size_t bytes);

  /// How many calls of `warm` are over and done with, the first ones.
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
