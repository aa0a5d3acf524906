#pragma once

#include "net/transport/transport.hpp"
#include "net/transport/transport_options.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// A transport that a module made, or why there is none.
struct opened_transport {
  std::unique_ptr<transport> value{};
  std::string error{};                  ///< Empty if there is a value.
  std::vector<std::string> warnings{};  ///< For the operator: what is degraded.
};

/// Loads the module that copies over UCX, once per process and for ever, and
/// opens a transport with it. Apart from it nothing of ours links UCX, which
/// changes libc and signal handlers unless its environment is set first: this
/// sets UCX_* variables, so call it before other threads read the environment.
/// Looks for the module at `path`; without one, where KVC_TRANSPORT_MODULE
/// says, else beside the library or program that this is linked into and in its
/// ../lib/kvc, else where the system finds libraries.
opened_transport open_transport(const transport_options& options,
                                const std::filesystem::path& path = {});

/// What the module exports as `kvc_transport_module`: for the two ends of the
/// boundary only.
struct transport_module {
  std::uint64_t version = 0;  ///< Of what crosses the boundary.
  opened_transport (*open)(const transport_options& options) = nullptr;
};

/// Changes with every change of what crosses the boundary.
constexpr std::uint64_t transport_module_version = 0x6b76632d75637801;

}  // namespace kvc
