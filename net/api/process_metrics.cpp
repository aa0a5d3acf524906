#include "net/api/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace kvc {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

/// Returns when the system was started, in seconds since the Unix epoch.
double boot_time() {
  std::ifstream file{"/proc/stat"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("btime "))
      return std::stod(line.substr(6));
  return 0;
}

/// Numbers of /proc/self/stat, which man 5 proc counts from 1 on; the first
/// one here is number 3, behind the name.
std::array<std::string, 22> read_stat() {
  std::ifstream file{"/proc/self/stat"};
  std::string text;
  std::getline(file, text);
  std::istringstream fields{
    text.substr(std::min(text.rfind(')') + 1, text.size()))};
  std::array<std::string, 22> result;
  for (auto& each : result)
    fields >> each;
  return result;
}

double number(const std::string& text) {
  return text.empty() ? 0 : std::stod(text);
}

std::size_t open_files() {
  std::error_code error;
  const std::filesystem::directory_iterator files{"/proc/self/fd", error};
  return error
           ? 0
           : static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

void write_process_metrics(metrics_text& text) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const auto stat = read_stat();
  const auto field = [&](std::size_t n) { return number(stat[n - 3]); };
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  const auto tick = static_cast<double>(sysconf(_SC_CLK_TCK));
  text.single("process_cpu_seconds_total", "counter",
              "Processor time used, in user mode and in the kernel.",
              seconds(usage.ru_utime) + seconds(usage.ru_stime));
  text.single("process_resident_memory_bytes", "gauge", "Resident memory.",
              field(24) * page);
  text.single("process_virtual_memory_bytes", "gauge", "Virtual memory.",
              field(23));
  text.single("process_threads", "gauge", "Threads.", field(20));
  text.single("process_open_fds", "gauge", "Open file descriptors.",
              open_files());
  text.single("process_max_fds", "gauge", "File descriptors allowed.",
              static_cast<double>(files.rlim_cur));
  static const double start = boot_time() + field(22) / tick;
  text.single("process_start_time_seconds", "gauge",
              "Start of the process since the Unix epoch.", start);
}

}  // namespace kvc
