#include "net/ucx/read_server.hpp"

#include <cstring>

namespace kvc::ucx {

namespace {

/// More than a peer may ask for at once (max_requests_per_peer).
constexpr std::size_t max_answers_per_peer = 1'024;

/// Must live until UCX has sent the header.
struct sending {
  answer_message header;
  std::shared_ptr<ucx::usage> usage;
};

void end(sending* x) {
  const std::unique_ptr<sending> owned{x};
  --owned->usage->answers;
}

void send(const connection& to, const answer_message& header,
          std::span<const std::byte> bytes) {
  auto op = std::make_unique<sending>(sending{header, to.usage});
  ++op->usage->answers;
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK |
                        UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_FLAGS;
  params.flags = UCP_AM_SEND_FLAG_EAGER;
  params.cb.send = [](void* done, ucs_status_t, void* user) {
    ucp_request_free(done);
    end(static_cast<sending*>(user));
  };
  params.user_data = op.get();
  auto* sent = ucp_am_send_nbx(
    to.endpoint(), static_cast<unsigned>(message_id::answer), &op->header,
    sizeof op->header, bytes.data(), bytes.size(), &params);
  auto* raw = op.release();
  if (!UCS_PTR_IS_PTR(sent))
    end(raw);  // The answer was sent at once, or the connection has failed.
}

}  // namespace

read_server::read_server(const shared_region& region,
                         connection_table& connections, std::uint64_t wire)
    : region_(region), connections_(connections), wire_(wire) {}

void read_server::receive(std::span<const std::byte> header,
                          std::span<const std::byte> data) {
  request x;
  if (header.size() != sizeof x.message)
    return;
  std::memcpy(&x.message, header.data(), sizeof x.message);
  x.peer.assign(reinterpret_cast<const char*>(data.data()), data.size());
  requests_.push_back(std::move(x));
}

void read_server::serve() {
  std::vector<request> resting;
  for (auto& x : requests_)
    if (!answer(x))
      resting.push_back(std::move(x));
  requests_ = std::move(resting);
}

/// Returns whether we are done with the request. One that we never answer ends
/// by the peer's own deadline.
bool read_server::answer(const request& x) {
  const auto peer = unpack(x.peer, wire_);
  if (!peer)
    return true;
  const auto& message = x.message;
  auto* to = connections_.find(peer->incarnation);
  if (to != nullptr && to->answered_session > message.session)
    return true;
  if (to != nullptr && to->answered_session < message.session)
    connections_.cut(peer->incarnation);
  if (connections_.rests_until(peer->incarnation))
    return false;
  to = connections_.connect(*peer);
  if (to == nullptr || to->usage->answers >= max_answers_per_peer)
    return true;
  to->answered_session = message.session;
  to->last_used = steady::now();
  const auto memory = region_.bytes();
  if (message.length == 0 || message.length > memory.size() ||
      message.offset > memory.size() - message.length)
    send(*to, {message.token, 1}, {});
  else
    send(*to, {message.token, 0},
         memory.subspan(message.offset, message.length));
  return true;
}

}  // namespace kvc::ucx
