#pragma once

#include "apps/bench/statistics.hpp"
#include "net/client/http_client.hpp"

#include <thread>

namespace kvc {

/// Asks a controller for a short prompt, one lookup after the other, from a
/// thread of its own.
class lookup_watch {
 public:
  /// What the lookups took: as the client saw it, and of the processor in the
  /// controller's threads for HTTP.
  struct times {
    durations wall;
    durations server_cpu;
  };

  /// Begins. `controller` is the process behind the client's port.
  lookup_watch(const http_client_options& client, int controller);
  lookup_watch(const lookup_watch&) = delete;
  lookup_watch& operator=(const lookup_watch&) = delete;
  ~lookup_watch() = default;

  /// Ends, and adds what was measured to `to`.
  void stop(times& to);

 private:
  void run(const std::stop_token& stop, const http_client_options& client,
           int controller);

  times times_;
  std::jthread thread_;
};

}  // namespace kvc
