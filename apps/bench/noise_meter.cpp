#include "apps/bench/noise_meter.hpp"

#include "apps/bench/clocks.hpp"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <thread>

namespace kvc {

namespace {

double ticks_per_second() { return static_cast<double>(sysconf(_SC_CLK_TCK)); }

}  // namespace

noise_meter::noise_meter(std::vector<int> programs)
    : programs_(std::move(programs)),
      start_(std::chrono::steady_clock::now()),
      first_(read()) {}

double noise_meter::foreign_share() const {
  const auto now = read();
  const std::chrono::duration<double> elapsed =
    std::chrono::steady_clock::now() - start_;
  const auto foreign = (now.all_seconds - first_.all_seconds) -
                       (now.own_seconds - first_.own_seconds);
  const auto capacity = elapsed.count() * std::thread::hardware_concurrency();
  return std::clamp(foreign / capacity, 0.0, 1.0);
}

noise_meter::reading noise_meter::read() const {
  // user, nice, system, idle, iowait, irq, softirq, steal.
  std::array<double, 8> ticks{};
  std::ifstream file{"/proc/stat"};
  std::string name;
  file >> name;
  for (auto& each : ticks)
    file >> each;
  reading result;
  result.all_seconds =
    (ticks[0] + ticks[1] + ticks[2] + ticks[7]) / ticks_per_second();
  result.own_seconds = process_cpu_seconds(getpid());
  for (const auto pid : programs_)
    result.own_seconds += process_cpu_seconds(pid);
  return result;
}

}  // namespace kvc
