#include "net/ucx/shared_region.hpp"

#include <sys/mman.h>

namespace kvc::ucx {

namespace {

/// The key of memory that cannot be mapped is shorter.
constexpr std::size_t min_mappable_key_bytes = 25;

std::string pack_key(ucp_context_h context, ucp_mem_h handle) {
  void* buffer = nullptr;
  std::size_t length = 0;
  check(ucp_rkey_pack(context, handle, &buffer, &length), "pack a key");
  std::string result(static_cast<const char*>(buffer), length);
  ucp_rkey_buffer_release(buffer);
  return result;
}

}  // namespace

shared_region::shared_region(ucp_context_h context, std::size_t bytes,
                             bool is_shared)
    : context_(context) {
  ucp_mem_map_params_t params{};
  params.field_mask = UCP_MEM_MAP_PARAM_FIELD_ADDRESS |
                      UCP_MEM_MAP_PARAM_FIELD_LENGTH |
                      UCP_MEM_MAP_PARAM_FIELD_FLAGS;
  params.length = bytes;
  if (is_shared) {
    params.flags = UCP_MEM_MAP_ALLOCATE;
  } else {
    // Allocated here, because UCX would touch every page.
    auto* region = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region == MAP_FAILED)
      throw setup_failure{"cannot map " + std::to_string(bytes) + " bytes"};
    bytes_ = {static_cast<std::byte*>(region), bytes};
    is_own_mapping_ = true;
    params.address = region;
  }
  if (const auto status = ucp_mem_map(context, &params, &handle_);
      status != UCS_OK) {
    if (is_own_mapping_)
      ::munmap(bytes_.data(), bytes_.size());
    check(status, "register " + std::to_string(bytes) + " bytes");
  }
  ucp_mem_attr_t attributes{};
  attributes.field_mask = UCP_MEM_ATTR_FIELD_ADDRESS;
  check(ucp_mem_query(handle_, &attributes), "query the memory");
  bytes_ = {static_cast<std::byte*>(attributes.address), bytes};
  ::madvise(bytes_.data(), bytes, MADV_HUGEPAGE);  // May fail: only faster.
  auto key = is_shared ? pack_key(context, handle_) : std::string{};
  if (key.size() >= min_mappable_key_bytes)
    remote_key_ = std::move(key);
}

shared_region::~shared_region() {
  ucp_mem_unmap(context_, handle_);
  if (is_own_mapping_)
    ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace kvc::ucx
