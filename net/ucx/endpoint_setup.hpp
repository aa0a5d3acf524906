#pragma once

#include "net/transport/transport_options.hpp"
#include "net/ucx/handles.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvc::ucx {

/// A UCX context and its worker, with the settings of docs/ucx.md.
struct endpoint_setup {
  context_handle context;
  worker_handle worker;        ///< Must be destroyed before the context.
  std::uint64_t wire = 0;      ///< Version and settings, equal at both ends.
  std::uint16_t port = 0;      ///< The port that peers connect to.
  bool shares_memory = false;  ///< Peers on this host may map our memory.
  std::vector<std::string> warnings;
};

/// Sets UCX up. Throws setup_failure.
endpoint_setup set_up(const transport_options& options);

}  // namespace kvc::ucx
