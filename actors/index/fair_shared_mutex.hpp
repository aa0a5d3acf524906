#pragma once

#include <mutex>
#include <shared_mutex>

namespace kvc {

/// A std::shared_mutex whose writers do not starve: whoever comes while a
/// writer waits, queues up behind the writer. glibc's own lets readers overtake
/// it for ever.
class fair_shared_mutex {
 public:
  void lock() {
    const std::lock_guard turn{turnstile_};
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

  void lock_shared() {
    const std::lock_guard turn{turnstile_};
    mutex_.lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  std::mutex turnstile_;  ///< Held by whoever is next to get `mutex_`.
  std::shared_mutex mutex_;
};

}  // namespace kvc
