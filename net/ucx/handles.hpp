#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace kvc::ucx {

/// Something failed while a transport was set up.
struct setup_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws setup_failure unless `status` is UCS_OK.
inline void check(ucs_status_t status, const std::string& what) {
  if (status != UCS_OK)
    throw setup_failure{what + ": " + ucs_status_string(status)};
}

/// A deleter that calls one of UCX's functions.
template <auto Function>
struct calls {
  template <class T>
  void operator()(T* x) const {
    Function(x);
  }
};

using config_handle = std::unique_ptr<ucp_config_t, calls<ucp_config_release>>;
using context_handle = std::unique_ptr<ucp_context, calls<ucp_cleanup>>;
using worker_handle = std::unique_ptr<ucp_worker, calls<ucp_worker_destroy>>;
using remote_key_handle = std::unique_ptr<ucp_rkey, calls<ucp_rkey_destroy>>;

}  // namespace kvc::ucx
