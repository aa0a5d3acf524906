#include "net/transport/transport_module.hpp"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <iterator>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

namespace kvc {

namespace {

constexpr auto* file_name = "libkvc_ucx.so";

struct variable {
  const char* name;
  const char* value;
  bool is_fixed = false;  ///< An operator must not choose otherwise.
};

/// UCX reads these when it is loaded.
constexpr std::array<variable, 6> variables{{
  // Memory events patch libc's mmap, and crash when the process ends.
  {"UCX_MEM_EVENTS", "n", true},
  // Without this UCX takes over SIGSEGV and other signals.
  {"UCX_HANDLE_ERRORS", "none"},
  // Without this SIGHUP switches UCX's debug log on.
  {"UCX_DEBUG_SIGNO", "0"},
  {"UCX_WARN_UNUSED_ENV_VARS", "n"},
  // We report lost peers and junk on the port ourselves, and standard output
  // belongs to the program.
  {"UCX_LOG_LEVEL", "fatal"},
  {"UCX_LOG_FILE", "stderr"},
}};

bool is_missing(const variable& x) {
  const auto* found = std::getenv(x.name);
  return found == nullptr || (x.is_fixed && std::string_view{found} != x.value);
}

bool has_other_threads() {
  std::error_code ignored;
  const std::filesystem::directory_iterator tasks{"/proc/self/task", ignored};
  return std::distance(begin(tasks), end(tasks)) > 1;
}

/// Returns the library or program that this is linked into.
std::filesystem::path self() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&self), &info) == 0 ||
      info.dli_fname == nullptr)
    return {};
  std::error_code ignored;
  // A program is named as it was called; the shell may have found it by $PATH.
  auto result = std::filesystem::canonical(info.dli_fname, ignored);
  if (result.empty())
    result = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return result;
}

std::filesystem::path find(const std::filesystem::path& path) {
  if (!path.empty())
    return path;
  if (const auto* name = std::getenv("KVC_TRANSPORT_MODULE");
      name != nullptr && *name != '\0')
    return name;
  const auto folder = self().parent_path();
  for (const auto& candidate :
       {folder / file_name, folder / "../lib/kvc" / file_name})
    if (std::error_code ignored; std::filesystem::exists(candidate, ignored))
      return candidate;
  return file_name;
}

struct loaded_module {
  const transport_module* value = nullptr;
  std::string error{};
};

loaded_module load(const std::filesystem::path& path) {
  if (auto trouble = prepare_transport(); !trouble.empty())
    return {.error = std::move(trouble)};
  const auto file = find(path);
  // UCX cannot be unloaded.
  auto* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr)
    return {.error = ::dlerror()};
  const auto* found = static_cast<const transport_module*>(
    ::dlsym(handle, "kvc_transport_module"));
  if (found == nullptr)
    return {.error = file.string() + ": not a transport module"};
  if (found->version != transport_module_version)
    return {.error = file.string() + ": a module of another version"};
  return {.value = found};
}

}  // namespace

std::string prepare_transport() {
  std::string missing;
  for (const auto& each : variables)
    if (is_missing(each))
      missing += std::string{" "} + each.name + '=' + each.value;
  if (missing.empty())
    return {};
  if (has_other_threads())
    return "other threads run already; set before the start:" + missing;
  for (const auto& each : variables)
    ::setenv(each.name, each.value, each.is_fixed ? 1 : 0);
  return {};
}

opened_transport open_transport(const transport_options& options,
                                const std::filesystem::path& path) {
  static std::mutex mutex;
  static const transport_module* module = nullptr;
  {
    const std::lock_guard lock{mutex};
    if (module == nullptr) {
      const auto loaded = load(path);
      if (loaded.value == nullptr)
        return {.error = loaded.error};
      module = loaded.value;
    }
  }
  return module->open(options);
}

}  // namespace kvc
