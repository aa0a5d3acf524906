#pragma once

#include "net/ucx/handles.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace kvc::ucx {

/// The memory that peers read, registered with UCX.
class shared_region {
 public:
  /// Allocates `bytes`, in shared memory if `is_shared`. Throws setup_failure.
  shared_region(ucp_context_h context, std::size_t bytes, bool is_shared);

  shared_region(const shared_region&) = delete;
  shared_region& operator=(const shared_region&) = delete;
  ~shared_region();

  std::span<std::byte> bytes() const { return bytes_; }
  ucp_mem_h handle() const { return handle_; }

  /// Returns the key by which a peer on this host maps the memory; empty if the
  /// memory cannot be mapped.
  const std::string& remote_key() const { return remote_key_; }

 private:
  ucp_context_h context_;
  ucp_mem_h handle_ = nullptr;
  bool is_own_mapping_ = false;
  std::span<std::byte> bytes_;
  std::string remote_key_;
};

}  // namespace kvc::ucx
