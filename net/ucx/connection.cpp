#include "net/ucx/connection.hpp"

namespace kvc::ucx {

std::unique_ptr<connection> connection::open(ucp_worker_h worker,
                                             const peer_address& peer,
                                             bool may_map) {
  std::unique_ptr<connection> result{new connection};
  result->memory_bytes_ = peer.bytes;
  ucp_ep_params_t params{};
  params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS |
                      UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE |
                      UCP_EP_PARAM_FIELD_ERR_HANDLER;
  params.address = reinterpret_cast<const ucp_address_t*>(peer.worker.data());
  params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
  params.err_handler.arg = result.get();
  // The endpoint must not be closed within this callback.
  params.err_handler.cb = [](void* self, ucp_ep_h, ucs_status_t) {
    static_cast<connection*>(self)->has_failed = true;
  };
  if (ucp_ep_create(worker, &params, &result->endpoint_) != UCS_OK)
    return nullptr;
  if (!may_map || peer.remote_key.empty())
    return result;
  ucp_rkey_h key = nullptr;
  if (ucp_ep_rkey_unpack(result->endpoint_, peer.remote_key.data(), &key) !=
      UCS_OK)
    return result;
  result->remote_key_.reset(key);
  void* mapped = nullptr;
  if (ucp_rkey_ptr(key, peer.base, &mapped) == UCS_OK)
    result->mapped_ = static_cast<const std::byte*>(mapped);
  return result;
}

connection::~connection() {
  remote_key_.reset();
  if (endpoint_ == nullptr)
    return;
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS;
  params.flags = UCP_EP_CLOSE_FLAG_FORCE;
  if (auto* request = ucp_ep_close_nbx(endpoint_, &params);
      UCS_PTR_IS_PTR(request))
    ucp_request_free(request);
}

}  // namespace kvc::ucx
