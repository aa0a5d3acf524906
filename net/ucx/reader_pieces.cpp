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
  pieces_.emplace(token, piece{.token = token,
                               .read = x.id,
                               .span = x.next_span,
                               .offset = x.next_offset,
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

void reader::receive(std::span<const std::byte> header,
                     std::span<const std::byte> bytes) {
  answer_message answer;
  if (header.size() != sizeof answer)
    return;
  std::memcpy(&answer, header.data(), sizeof answer);
  const auto found = pieces_.find(answer.token);
  if (found == pieces_.end())
    return;
  const auto& x = found->second;
  auto& read = *reads_.at(x.read);
  x.usage->was_heard = true;
  if (answer.is_refused != 0)
    tell(read, read_status::out_of_bounds);
  else if (bytes.size() != x.length)
    suspect(x.incarnation, x.usage);
  const auto is_there = bytes.size() == x.length && !read.is_told;
  if (is_there) {
    setup_.connections.forgive(x.incarnation);
    read.copy(x.span, x.offset, place_of(read, x.span).subspan(x.offset),
              bytes);
  }
  finish(answer.token, is_there);
}

/// Ends the pieces that a peer still owes us.
void reader::end_pieces(std::uint64_t incarnation) {
  std::vector<std::uint64_t> tokens;
  for (const auto& [token, x] : pieces_)
    if (x.incarnation == incarnation)
      tokens.push_back(token);
  for (const auto token : tokens)
    finish(token, false);
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

/// Ends a piece, whose bytes are in place or will never be.
void reader::finish(std::uint64_t token, bool is_there) {
  const auto x = pieces_.extract(token).mapped();
  auto& read = *reads_.at(x.read);
  --x.usage->requests;
  x.usage->bytes_in_flight -= x.length;
  bytes_in_flight_ -= x.length;
  --read.requests;
  if (is_there)
    take(read, x.span, x.length);
  settle(read);
}

}  // namespace kvc::ucx
