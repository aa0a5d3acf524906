#include "net/ucx/read_client.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvc::ucx {

namespace {

/// How much is copied before the next read has its turn.
constexpr std::uint64_t slice_bytes = std::uint64_t{1} << 20U;

/// How much is copied before UCX has its turn.
constexpr std::uint64_t turn_bytes = std::uint64_t{8} << 20U;

bool contains(std::uint64_t bytes, std::uint64_t offset, std::uint64_t length) {
  return length > 0 && length <= bytes && offset <= bytes - length;
}

bool is_within(const remote_span& x, std::uint64_t remote_bytes,
               std::uint64_t local_bytes) {
  return contains(remote_bytes, x.remote_offset, x.length) &&
         contains(local_bytes, x.local_offset, x.length);
}

/// How many answers a peer may owe us. Its read_server sends a few times as
/// many.
constexpr std::size_t max_requests_per_peer = 256;

/// How long a new connection may take for its first answer before it is given
/// up for another one, which gets twice as long: UCX 1.13.1 sometimes takes a
/// new connection for an earlier one with the same peer and loses what is sent.
constexpr std::chrono::milliseconds first_answer_time{500};

constexpr int max_redials = 3;

}  // namespace

void read_client::start(transport::read_id id, read_request request,
                        steady::time_point start) {
  auto peer = request.peer ? unpack(*request.peer, setup_.wire) : std::nullopt;
  const auto refusal = refuse(request, peer);
  auto x = std::make_unique<running_read>(
    id, std::move(request), peer ? *std::move(peer) : peer_address{}, start);
  if (refusal || x->spans_left == 0) {
    x->tell(refusal.value_or(read_status::done));
    return;
  }
  deadlines_.emplace(x->soft_deadline, id);
  waiting_.push_back(x.get());
  reads_.emplace(id, std::move(x));
  is_worth_admitting_ = true;
}

std::optional<read_status> read_client::refuse(
  const read_request& request, const std::optional<peer_address>& peer) {
  // Whoever reads from itself would overwrite its own bytes.
  if (!peer || peer->incarnation == setup_.incarnation)
    return read_status::bad_address;
  const auto local_bytes = setup_.region.bytes().size();
  if (!std::all_of(request.spans.begin(), request.spans.end(),
                   [&](const auto& each) {
                     return is_within(each, peer->bytes, local_bytes);
                   }))
    return read_status::out_of_bounds;
  if (waiting_.size() >= setup_.limits.reads_waiting)
    return read_status::too_busy;
  return std::nullopt;
}

void read_client::cancel(transport::read_id id) {
  const auto found = reads_.find(id);
  if (found == reads_.end())
    return;
  tell(*found->second, read_status::cancelled);
  settle(*found->second);
}

bool read_client::may_admit(const running_read& x) const {
  const auto most = std::max<std::size_t>(1, setup_.limits.reads_at_once / 2);
  const auto of_peer =
    std::count_if(active_.begin(), active_.end(), [&](const auto* each) {
      return each->peer.incarnation == x.peer.incarnation;
    });
  return static_cast<std::size_t>(of_peer) < most;
}

/// Lets waiting reads begin in the order of their start. Reads from a peer that
/// has its share already, or has to rest, are left out.
void read_client::admit() {
  if (!std::exchange(is_worth_admitting_, false) && steady::now() < admit_at_)
    return;
  admit_at_ = steady::time_point::max();
  for (auto at = waiting_.begin();
       at != waiting_.end() && active_.size() < setup_.limits.reads_at_once;) {
    auto& x = **at;
    const auto rest = setup_.connections.rests_until(x.peer.incarnation);
    if (rest)
      admit_at_ = std::min(admit_at_, *rest);
    if (rest || !may_admit(x)) {
      ++at;
      continue;
    }
    at = waiting_.erase(at);
    auto* peer = setup_.connections.connect(x.peer);
    if (peer == nullptr) {
      x.tell(read_status::unreachable);
      settle(x);
      continue;
    }
    x.usage = peer->usage;
    ++x.usage->reads;
    active_.push_back(&x);
  }
}

bool read_client::work() {
  admit();
  std::uint64_t left = turn_bytes;
  std::size_t idle = 0;  // So many reads in a row could do nothing.
  while (left > 0 && idle < active_.size()) {
    auto& x = *active_.front();
    active_.pop_front();
    active_.push_back(&x);
    const auto copied = step(x);
    idle = copied > 0 ? 0 : idle + 1;
    left -= std::min(left, copied);
  }
  return left == 0 || is_worth_admitting_;
}

/// Gives a read its turn. Returns how many bytes were copied, 1 if a piece was
/// asked for, or 0 if nothing could be done.
std::uint64_t read_client::step(running_read& x) {
  if (x.is_all_requested())
    return 0;
  auto* peer = setup_.connections.find(x.peer.incarnation);
  if (peer == nullptr || peer->usage != x.usage)
    return 0;  // Its connection has failed: the read is about to be lost.
  peer->last_used = steady::now();
  if (peer->mapped() != nullptr)
    return copy_slice(x, *peer);
  return request_piece(x, *peer) ? 1 : 0;
}

std::uint64_t read_client::copy_slice(running_read& x, const connection& peer) {
  const auto& span = x.span();
  const auto index = x.next_span;
  const auto length = std::min(slice_bytes, x.left_in_span());
  const std::span from{peer.mapped() + span.remote_offset + x.next_offset,
                       length};
  x.copy(index, x.next_offset, place_of(x, index).subspan(x.next_offset), from);
  x.advance(length);
  take(x, index, length);
  settle(x);
  return length;
}

/// Counts bytes of a span that were copied. Ends the span after the last ones.
void read_client::take(running_read& x, std::size_t span, std::uint64_t bytes) {
  if (x.arrive(span, bytes))
    x.finish_span(span, x.is_right(span, place_of(x, span)));
}

std::span<std::byte> read_client::place_of(const running_read& x,
                                           std::size_t span) const {
  const auto& place = x.request.spans[span];
  return setup_.region.bytes().subspan(place.local_offset, place.length);
}

void read_client::expire(steady::time_point now) {
  while (!unheard_.empty() && unheard_.begin()->first <= now) {
    const auto [incarnation, usage] =
      unheard_.extract(unheard_.begin()).mapped();
    if (!usage->was_heard)
      redial(incarnation, usage);
  }
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    const auto found = reads_.find(id);
    if (found == reads_.end())
      continue;
    auto& x = *found->second;
    if (x.is_told && now >= x.hard_deadline) {
      suspect(x.peer.incarnation, x.usage);
      continue;
    }
    deadlines_.emplace(x.hard_deadline, id);
    tell(x, read_status::timed_out);
    settle(x);
  }
}

steady::time_point read_client::next_deadline() const {
  auto result = admit_at_;
  if (!deadlines_.empty())
    result = std::min(result, deadlines_.begin()->first);
  if (!unheard_.empty())
    result = std::min(result, unheard_.begin()->first);
  return result;
}

void read_client::lose(std::uint64_t incarnation) {
  end_pieces(incarnation);
  std::vector<running_read*> lost;
  for (const auto& [id, x] : reads_)
    if (x->usage && x->peer.incarnation == incarnation)
      lost.push_back(x.get());
  for (auto* x : lost) {
    tell(*x, read_status::unreachable);
    settle(*x);
  }
}

void read_client::cancel_all() {
  std::vector<running_read*> all;
  for (const auto& [id, x] : reads_)
    all.push_back(x.get());
  for (auto* x : all) {
    tell(*x, read_status::cancelled);
    settle(*x);
  }
}

void read_client::end_all() {
  reads_.clear();
  pieces_.clear();
}

void read_client::tell(running_read& x, read_status status) {
  if (x.is_told)
    return;
  x.tell(status);
  std::erase(active_, &x);
  std::erase(waiting_, &x);
  is_worth_admitting_ = true;
}

/// Ends the read as far as is possible now. It may be destroyed afterwards.
void read_client::settle(running_read& x) {
  if (x.spans_left == 0)
    tell(x, read_status::done);
  if (!x.is_told || x.requests > 0)
    return;
  if (x.usage)
    --x.usage->reads;
  deadlines_.erase({x.soft_deadline, x.id});
  deadlines_.erase({x.hard_deadline, x.id});
  reads_.erase(x.id);
}

bool read_client::request_piece(running_read& x, connection& peer) {
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

/// A failure is noticed by the connection.
void read_client::send_request(const connection& to,
                               const read_message& message) {
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

void read_client::receive(std::span<const std::byte> header,
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

/// Ends the pieces that a peer still owes us: they will not come.
void read_client::end_pieces(std::uint64_t incarnation) {
  std::vector<std::uint64_t> tokens;
  for (const auto& [token, x] : pieces_)
    if (x.incarnation == incarnation)
      tokens.push_back(token);
  for (const auto token : tokens)
    finish(token, false);
}

/// Cuts a connection on which no answer ever came. Its reads begin again on
/// another one.
void read_client::redial(std::uint64_t incarnation,
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

void read_client::begin_anew(running_read& x) {
  ++x.redials;
  x.next_span = 0;
  x.next_offset = 0;
  --x.usage->reads;
  x.usage.reset();
  std::erase(active_, &x);
  waiting_.push_front(&x);
  is_worth_admitting_ = true;
}

/// Marks the connection to be cut, if it is still the one of that usage.
void read_client::suspect(std::uint64_t incarnation,
                          const std::shared_ptr<ucx::usage>& usage) {
  auto* peer = setup_.connections.find(incarnation);
  if (peer != nullptr && peer->usage == usage)
    peer->has_failed = true;
}

/// Ends a piece. Its bytes are in place, or will never come.
void read_client::finish(std::uint64_t token, bool is_there) {
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
