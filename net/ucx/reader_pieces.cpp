#include "net/ucx/reader.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvc::ucx {

namespace {

/// Requests that a peer may owe us; it answers no more than a few times that.
constexpr std::size_t max_requests_per_peer = 256;

/// A new connection whose first answer takes longer is given up for another,
/// twice as patiently each time: UCX 1.13.1 sometimes takes a new connection to
/// a peer for an earlier one and loses what is sent.
constexpr std::chrono::milliseconds first_answer_time{500};

constexpr int max_redials = 3;

}  // namespace

bool reader::request_piece(running_read& x, connection& peer) {
  const auto& limits = setup_.limits;
  auto& usage = *peer.usage;
  const auto length = std::min(piece_bytes, x.left_in_span());
  const auto fits = [&](std::uint64_t in_flight, std::uint64_t most) {
    return in_flight == 0 || in_flight + length <= most;
  };
  if (usage.requests >= max_requests_per_peer ||
      !fits(usage.bytes_in_flight, limits.bytes_in_flight_per_peer) ||
      !fits(bytes_in_flight_, limits.bytes_in_flight))
    return false;
  const auto token = ++last_token_;
  const auto& span = x.span();
  pieces_.emplace(token,
                  piece{.self = this,
                        .token = token,
                        .read = x.id,
                        .span = x.next_span,
                        .local_offset = span.local_offset + x.next_offset,
                        .length = length,
                        .incarnation = x.peer.incarnation,
                        .usage = peer.usage});
  if (!std::exchange(usage.was_asked, true) && x.redials < max_redials)
    unheard_.emplace(steady::now() + first_answer_time * (1 << x.redials),
                     new_connection{x.peer.incarnation, peer.usage});
  ++usage.requests;
  usage.bytes_in_flight += length;
  bytes_in_flight_ += length;
  ++x.requests;
  const read_message message{token, peer.session,
                             span.remote_offset + x.next_offset, length};
  x.advance(length);
  send_request(peer, message);
  return true;
}

/// If it fails, so does the connection.
void reader::send_request(const connection& to, const read_message& message) {
  auto header = std::make_unique<read_message>(message);
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK |
                        UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_FLAGS;
  params.flags = UCP_AM_SEND_FLAG_EAGER;
  params.cb.send = [](void* done, ucs_status_t, void* user) {
    ucp_request_free(done);
    const std::unique_ptr<read_message> ended{static_cast<read_message*>(user)};
  };
  params.user_data = header.get();
  auto* sent = ucp_am_send_nbx(
    to.endpoint(), static_cast<unsigned>(message_id::read), header.get(),
    sizeof message, setup_.address.data(), setup_.address.size(), &params);
  if (UCS_PTR_IS_PTR(sent))
    header.release();  // NOLINT(bugprone-unused-return-value): UCX has it.
}

ucs_status_t reader::receive(std::span<const std::byte> header, void* data,
                             std::size_t length, bool is_rendezvous) {
  answer_message answer;
  if (header.size() != sizeof answer)
    return UCS_OK;
  std::memcpy(&answer, header.data(), sizeof answer);
  const auto found = pieces_.find(answer.token);
  if (found == pieces_.end() || found->second.is_receiving)
    return UCS_OK;
  auto& x = found->second;
  auto& read = *reads_.at(x.read);
  x.usage->was_heard = true;
  if (answer.is_refused != 0 && !read.is_told)
    tell(read, read_status::out_of_bounds);
  const auto is_expected = length == x.length && is_rendezvous;
  if (read.is_told || !is_expected) {
    if (answer.is_refused == 0 && !is_expected)
      suspect(x.incarnation, x.usage);
    finish(x, false);
    return UCS_OK;  // Which makes UCX drop the bytes.
  }
  return receive_later(x, data);
}

ucs_status_t reader::receive_later(piece& x, void* data) {
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK |
                        UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_MEMH |
                        UCP_OP_ATTR_FLAG_NO_IMM_CMPL;
  params.memh = setup_.region.handle();
  params.user_data = &x;
  params.cb.recv_am = [](void* done, ucs_status_t status, std::size_t,
                         void* user) {
    ucp_request_free(done);
    auto& received = *static_cast<piece*>(user);
    if (status != UCS_OK)
      received.self->suspect(received.incarnation, received.usage);
    received.self->finish(received, status == UCS_OK);
  };
  x.is_receiving = true;
  ++reads_.at(x.read)->receiving;
  auto* started = ucp_am_recv_data_nbx(
    setup_.worker, data, setup_.region.bytes().data() + x.local_offset,
    x.length, &params);
  if (!UCS_PTR_IS_ERR(started))
    return UCS_INPROGRESS;
  suspect(x.incarnation, x.usage);
  finish(x, false);
  return UCS_OK;
}

/// Ends the pieces that a peer still owes us, but for those on their way.
void reader::end_pieces(std::uint64_t incarnation) {
  std::vector<std::uint64_t> tokens;
  for (const auto& [token, x] : pieces_)
    if (x.incarnation == incarnation && !x.is_receiving)
      tokens.push_back(token);
  for (const auto token : tokens)
    finish(pieces_.at(token), false);
}

/// Gives up a connection on which nothing was ever heard.
void reader::redial(std::uint64_t incarnation,
                    const std::shared_ptr<ucx::usage>& usage) {
  const auto* peer = setup_.connections.find(incarnation);
  if (peer == nullptr || peer->usage != usage)
    return;
  std::vector<running_read*> all;
  for (auto* x : active_)
    if (x->usage == usage)
      all.push_back(x);
  end_pieces(incarnation);
  for (auto* x : all)
    begin_anew(*x);
  setup_.connections.cut(incarnation);
}

void reader::begin_anew(running_read& x) {
  ++x.redials;
  x.next_span = 0;
  x.next_offset = 0;
  --x.usage->reads;
  x.usage.reset();
  std::erase(active_, &x);
  waiting_.push_front(&x);
  is_worth_admitting_ = true;
}

/// Makes the connection be cut, if it is still the same.
void reader::suspect(std::uint64_t incarnation,
                     const std::shared_ptr<ucx::usage>& usage) {
  auto* peer = setup_.connections.find(incarnation);
  if (peer != nullptr && peer->usage == usage)
    peer->has_failed = true;
}

/// Ends a piece, whose bytes are there or will never be.
void reader::finish(piece& x, bool is_there) {
  auto& read = *reads_.at(x.read);
  --x.usage->requests;
  x.usage->bytes_in_flight -= x.length;
  bytes_in_flight_ -= x.length;
  --read.requests;
  read.receiving -= x.is_receiving ? 1 : 0;
  const auto span = x.span;
  const auto length = x.length;
  pieces_.erase(x.token);
  if (is_there && !read.is_told && read.arrive(span, length))
    verify(read, span);
  settle(read);
}

void reader::verify(running_read& x, std::size_t span) {
  const auto& wanted = x.request.spans[span];
  const auto is_right =
    !wanted.checksum ||
    *wanted.checksum == checksum_of(setup_.region.bytes().subspan(
                          wanted.local_offset, wanted.length));
  setup_.connections.forgive(x.peer.incarnation);
  x.finish_span(span, is_right, steady::now());
}

}  // namespace kvc::ucx
