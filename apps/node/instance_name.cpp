#include "apps/node/instance_name.hpp"

#include "messages/random_number.hpp"

#include <spdlog/fmt/fmt.h>

#include <unistd.h>

#include <algorithm>
#include <array>

namespace kvc {

namespace {

/// Returns what the kernel calls this host; "host" if that is no name.
std::string host_name() {
  std::array<char, 65> text{};  // The last byte stays 0.
  if (::gethostname(text.data(), text.size() - 1) != 0)
    return "host";
  const std::string name{text.data()};
  const auto is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
  });
  return name.empty() || !is_plain ? "host" : name;
}

}  // namespace

std::string instance_id_of(const worker_options& settings) {
  if (!settings.lmcache_instance_id.empty())
    return settings.lmcache_instance_id;
  // Without a controller nobody else has the name, and the folder of its disk,
  // which is named by it, must be found again.
  if (!settings.enable_controller)
    return "lmcache_default_instance";
  return fmt::format("{}-{:016x}", host_name(), random_number());
}

}  // namespace kvc
