#include "apps/bench/cluster.hpp"

#include "apps/bench/loopback_socket.hpp"
#include "messages/errors.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <thread>

namespace kvc {

namespace {

constexpr std::chrono::seconds patience{60};
constexpr std::chrono::milliseconds poll_interval{2};

std::filesystem::path program(const char* name) {
  return std::filesystem::read_symlink("/proc/self/exe").replace_filename(name);
}

/// Returns a port that was free a moment ago.
std::uint16_t free_port() {
  const auto socket = new_socket();
  return listen_on(socket, 0) ? port_of(socket) : 0;
}

}  // namespace

caf::expected<bench_cluster> bench_cluster::start(
  const std::filesystem::path& folder,
  std::vector<std::string> controller_flags) {
  bench_cluster cluster;
  cluster.controller_flags_ = std::move(controller_flags);
  auto name = (folder / "cluster-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr)
    return caf::make_error(errc::unreachable, name);
  cluster.folder_ = name;
  cluster.http_port_ = free_port();
  cluster.link_port_ = free_port();
  if (const auto started = cluster.restart_controller(); !started)
    return started.error();
  if (!cluster.wait_for_keys(0, 0))
    return caf::make_error(errc::timed_out, "kvc-controller");
  return cluster;
}

caf::expected<void> bench_cluster::restart_controller() {
  if (controller_)
    controller_->kill();
  std::vector<std::string> all{"--host",         "127.0.0.1",
                               "--port",         std::to_string(http_port_),
                               "--monitor-port", std::to_string(link_port_)};
  all.insert(all.end(), controller_flags_.begin(), controller_flags_.end());
  auto started = child_process::start(program("kvc-controller"), all,
                                      folder_ / "controller.log");
  if (!started)
    return std::move(started.error());
  controller_ = std::move(*started);
  return caf::unit;
}

caf::expected<void> bench_cluster::add_worker(
  const std::vector<std::string>& flags, std::uint16_t link_port) {
  const auto port = link_port != 0 ? link_port : link_port_;
  std::vector<std::string> all{"--enable-controller", "true",
                               "--controller-pull-url",
                               "127.0.0.1:" + std::to_string(port)};
  all.insert(all.end(), flags.begin(), flags.end());
  auto started = child_process::start(
    program("kvc-worker"), all,
    folder_ / ("worker-" + std::to_string(workers_.size()) + ".log"));
  if (!started)
    return std::move(started.error());
  workers_.push_back(std::move(*started));
  return caf::unit;
}

bool bench_cluster::wait_for_keys(std::uint64_t keys,
                                  std::uint64_t workers) const {
  http_client http{client()};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < deadline &&
         controller_->is_running()) {
    const auto reply = http.get("/controller/key-stats");
    if (reply && reply->status == 200) {
      const auto stats = nlohmann::json::parse(reply->body, nullptr, false);
      if (stats.is_object() &&
          stats.value("total_key_count", std::uint64_t{0}) == keys &&
          stats.value("total_worker_count", std::uint64_t{0}) == workers)
        return true;
    }
    std::this_thread::sleep_for(poll_interval);
  }
  return false;
}

http_client_options bench_cluster::client() const {
  return {.url = "http://127.0.0.1:" + std::to_string(http_port_)};
}

}  // namespace kvc
