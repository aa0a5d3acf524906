#pragma once

#include "net/transport/transport.hpp"
#include "net/transport/transport_options.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// A transport that a module made, or the reason why there is none.
struct opened_transport {
  std::unique_ptr<transport> value{};
  std::string error{};                  ///< Empty if there is a value.
  std::vector<std::string> warnings{};  ///< What is degraded, for the operator.
};

/// Sets the UCX_* variables without which UCX, when it is loaded, changes libc
/// and signal handlers and writes to standard output (docs/ucx.md); those that
/// are set already stay. If other threads run, which may read the environment,
/// it sets nothing and returns what must be set before they start; else
/// nothing. Call it first in a program that has threads when it opens a
/// transport.
std::string prepare_transport();

/// Opens a transport over UCX. Loads the module that contains it, once per
/// process and for ever, for which prepare_transport() must succeed. Only the
/// module links UCX.
///
/// The module is at `path`. If that is empty it is where the variable
/// KVC_TRANSPORT_MODULE says; else beside the library or program that this is
/// linked into, or in ../lib/kvc from there; else where the system finds
/// libraries.
opened_transport open_transport(const transport_options& options,
                                const std::filesystem::path& path = {});

/// What the module exports as `kvc_transport_module`, for open_transport alone.
struct transport_module {
  std::uint64_t version = 0;  ///< Must be transport_module_version.
  opened_transport (*open)(const transport_options& options) = nullptr;
};

/// Changes whenever the types change that the module and its user share.
constexpr std::uint64_t transport_module_version = 0x6b76632d75637801;

}  // namespace kvc
