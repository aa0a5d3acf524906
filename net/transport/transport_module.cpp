#include "net/transport/transport_module.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

namespace kvc {

namespace {

constexpr auto* file_name = "libkvc_ucx.so";

/// UCX reads these variables when it is loaded.
void set_environment() {
  // An operator must not choose otherwise: memory events patch libc's mmap, and
  // crash when the process ends.
  ::setenv("UCX_MEM_EVENTS", "n", 1);
  // Without this UCX takes over SIGSEGV and other signals.
  ::setenv("UCX_HANDLE_ERRORS", "none", 0);
  // Without this SIGHUP switches UCX's debug log on.
  ::setenv("UCX_DEBUG_SIGNO", "0", 0);
  ::setenv("UCX_WARN_UNUSED_ENV_VARS", "n", 0);
  // We report lost peers and junk on the port ourselves, and standard output
  // belongs to the program.
  ::setenv("UCX_LOG_LEVEL", "fatal", 0);
  ::setenv("UCX_LOG_FILE", "stderr", 0);
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
  set_environment();
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
