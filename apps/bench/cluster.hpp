#pragma once

#include "apps/bench/child_process.hpp"
#include "net/client/http_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// A controller and its workers, as processes of their own on free loopback
/// ports. Must be used on the main thread, as child_process.
class bench_cluster {
 public:
  /// Finds the programs beside this one and keeps their logs in a new directory
  /// in `folder`. Starts the controller with these flags and its ports, and
  /// waits until it answers. Fails with unreachable or timed_out.
  static caf::expected<bench_cluster> start(
    const std::filesystem::path& folder,
    std::vector<std::string> controller_flags = {});

  /// Starts a kvc-worker with these flags and those that link it to
  /// `link_port`, or to the controller if that is 0.
  caf::expected<void> add_worker(const std::vector<std::string>& flags,
                                 std::uint16_t link_port = 0);

  /// Kills the controller, if it runs, and starts it on the same ports. Returns
  /// without waiting for it.
  caf::expected<void> restart_controller();

  /// Waits until the controller counts `keys` memberships of `workers`.
  /// Returns whether that came true within a minute, while it ran.
  bool wait_for_keys(std::uint64_t keys, std::uint64_t workers) const;

  /// Returns a client of the controller.
  http_client_options client() const;

  /// Where the logs are, and whatever else the bench puts there.
  const std::filesystem::path& folder() const { return folder_; }

  std::uint16_t http_port() const { return http_port_; }
  std::uint16_t link_port() const { return link_port_; }
  const child_process& controller() const { return *controller_; }
  const std::vector<child_process>& workers() const { return workers_; }
  std::vector<child_process>& workers() { return workers_; }

 private:
  bench_cluster() = default;

  std::filesystem::path folder_;
  std::vector<std::string> controller_flags_;
  std::uint16_t http_port_ = 0;
  std::uint16_t link_port_ = 0;
  std::optional<child_process> controller_;
  std::vector<child_process> workers_;
};

}  // namespace kvc
