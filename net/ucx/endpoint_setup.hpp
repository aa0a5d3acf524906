#pragma once

#include "net/transport/transport_options.hpp"
#include "net/ucx/handles.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvc::ucx {

/// A UCX context and its worker, set up as the lab found to be safe.
struct endpoint_setup {
  context_handle context;
  worker_handle worker;        ///< To be destroyed first.
  std::uint64_t wire = 0;      ///< What both ends must have in common.
  std::uint16_t port = 0;      ///< That peers connect to.
  bool shares_memory = false;  ///< Whether peers here may map our memory.
  std::vector<std::string> warnings;
};

/// Sets UCX up. Throws setup_failure.
endpoint_setup set_up(const transport_options& options);

}  // namespace kvc::ucx
