#include "net/ucx/ucx_transport.hpp"

#include <csignal>
#include <exception>

namespace {

/// Threads that start while it lives get no signals of the process.
class signal_block {
 public:
  signal_block() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  ~signal_block() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  signal_block(const signal_block&) = delete;
  signal_block& operator=(const signal_block&) = delete;

 private:
  sigset_t before_{};
};

kvc::opened_transport open(const kvc::transport_options& options) {
  if (options.memory_bytes == 0)
    return {.error = "a transport without memory"};
  const signal_block no_signals;
  try {
    auto made = std::make_unique<kvc::ucx::ucx_transport>(options);
    auto warnings = made->warnings();
    return {.value = std::move(made), .warnings = std::move(warnings)};
  } catch (const std::exception& failure) {
    return {.error = failure.what()};
  }
}

}  // namespace

extern "C" __attribute__((visibility("default")))
const kvc::transport_module kvc_transport_module{
  .version = kvc::transport_module_version, .open = open};
