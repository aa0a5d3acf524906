#include "apps/bench/machine.hpp"

#include <spdlog/fmt/fmt.h>

#include <sys/utsname.h>
#include <unistd.h>
#include <fstream>
#include <thread>

namespace kvc {

namespace {

/// Returns what stands behind `key` and a colon in a file of such lines.
std::string value_in(const char* path, const std::string& key) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (line.starts_with(key) && colon != std::string::npos) {
      const auto from = line.find_first_not_of(" \t", colon + 1);
      return from == std::string::npos ? "" : line.substr(from);
    }
  }
  return "unknown";
}

}  // namespace

std::string describe_machine() {
  utsname system{};
  uname(&system);
  std::string load;
  std::ifstream{"/proc/loadavg"} >> load;
  return fmt::format("{}, {} cores, {} memory, {} {}, load average {}",
                     value_in("/proc/cpuinfo", "model name"),
                     std::thread::hardware_concurrency(),
                     value_in("/proc/meminfo", "MemTotal"), system.sysname,
                     system.release, load);
}

std::size_t resident_bytes(int pid) {
  std::ifstream file{fmt::format("/proc/{}/statm", pid)};
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace kvc
