#include "apps/bench/recovery/lookup_watch.hpp"

#include "apps/bench/clocks.hpp"
#include "apps/bench/http/lookup_bodies.hpp"
#include "apps/workload/fill.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace kvc {

namespace {

constexpr std::size_t prompt_tokens = 12;

/// Returns where a process's threads for HTTP tell their time on a processor.
std::vector<std::string> http_thread_clocks(int process) {
  std::vector<std::string> result;
  std::error_code ignored;
  for (const auto& thread : std::filesystem::directory_iterator{
         "/proc/" + std::to_string(process) + "/task", ignored}) {
    std::string name;
    std::getline(std::ifstream{thread.path() / "comm"}, name);
    if (name == "kvc-http")
      result.push_back(thread.path() / "schedstat");
  }
  return result;
}

std::int64_t total_ns(const std::vector<std::string>& clocks) {
  std::int64_t total = 0;
  for (const auto& each : clocks) {
    std::int64_t ns = 0;
    std::ifstream{each} >> ns;
    total += ns;
  }
  return total;
}

}  // namespace

lookup_watch::lookup_watch(const http_client_options& client, int controller)
    : thread_([this, client, controller](const std::stop_token& stop) {
        run(stop, client, controller);
      }) {}

void lookup_watch::stop(times& to) {
  thread_.request_stop();
  thread_.join();
  to.wall.add_all(times_.wall);
  to.server_cpu.add_all(times_.server_cpu);
}

void lookup_watch::run(const std::stop_token& stop,
                       const http_client_options& client, int controller) {
  auto prompt = made_up_prompts{.seed = 1}.tokens(0);
  prompt.resize(prompt_tokens);
  const auto body = lookup_body(prompt);
  http_client http{client};
  const auto clocks = http_thread_clocks(controller);
  while (!stop.stop_requested()) {
    const auto cpu = total_ns(clocks);
    const auto begin = wall_ns();
    const auto answer = http.query("/lookup", body);
    const auto end = wall_ns();
    if (!answer || answer->status != 200)
      continue;
    times_.wall.add(end - begin);
    times_.server_cpu.add(total_ns(clocks) - cpu);
  }
}

}  // namespace kvc
