#include "apps/node/process.hpp"

#include "messages/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <sys/resource.h>
#include <unistd.h>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <thread>

namespace kvc {

namespace {

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const auto each : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&signals, each);
  return signals;
}

}  // namespace

void start_logging(const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("kvc"));
  spdlog::set_pattern(log_pattern);
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::flush_on(spdlog::level::info);
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// What has been received.
struct process_end::signals {
  std::atomic<int> exit_code = 0;
  std::mutex mutex;
  std::condition_variable came;
  bool ends = false;
  bool hung_up = false;

  /// Waits for one of `awaited`. Returns whether it asks for the end.
  bool receive(const sigset_t& awaited) {
    int signal = 0;
    sigwait(&awaited, &signal);
    const std::lock_guard lock{mutex};
    (signal == SIGHUP ? hung_up : ends) = true;
    came.notify_all();
    return ends;
  }
};

process_end::process_end(std::chrono::milliseconds patience)
    : signals_(std::make_shared<signals>()) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto awaited = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &awaited, nullptr);
  std::thread{[=, received = signals_] {
    while (!received->receive(awaited)) {
    }
    std::this_thread::sleep_for(patience);
    _exit(received->exit_code);
  }}.detach();
}

void process_end::request() const { kill(getpid(), SIGTERM); }

void process_end::fail() const {
  signals_->exit_code = 1;
  request();
}

int process_end::wait(const std::function<void()>& reload) const {
  auto& received = *signals_;
  std::unique_lock lock{received.mutex};
  for (;;) {
    received.came.wait(lock, [&] { return received.ends || received.hung_up; });
    if (received.ends)
      return received.exit_code;
    received.hung_up = false;
    lock.unlock();
    reload();
    lock.lock();
  }
}

std::uint64_t unix_time_ns() {
  return static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch())
      .count());
}

}  // namespace kvc
