#pragma once

#include "net/transport/checksum.hpp"
#include "tests/support/loopback_transport.hpp"

#include <algorithm>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace kvc {

namespace loopback {

/// What addresses begin with.
constexpr std::string_view prefix = "loopback:";

/// What is to be called once the lock is released.
using calls = std::vector<std::function<void()>>;

/// Returns whether the memory has these bytes.
inline bool contains(std::span<const std::byte> memory, std::uint64_t offset,
                     std::uint64_t length) {
  return length > 0 && length <= memory.size() &&
         offset <= memory.size() - length;
}

/// A transport as its peers see it.
struct node {
  std::span<std::byte> memory;
  bool is_held = false;
};

/// A read that is not drained.
struct running_read {
  transport::read_id id = 0;
  std::string reader;  ///< Its address.
  std::span<std::byte> memory;
  read_request request;
  read_result result{};
  std::size_t next_span = 0;
  std::optional<read_status> failure{};
  bool is_stuck = false;  ///< A span never arrives.
  bool is_told = false;   ///< on_done was called.
};

/// Calls on_done, later and once.
inline void tell(running_read& x, read_status status, calls& out) {
  if (std::exchange(x.is_told, true))
    return;
  x.result.status = status;
  out.emplace_back([done = std::move(x.request.on_done),
                    result = x.result]() mutable { done(std::move(result)); });
}

/// Calls on_drained, later.
inline void tell_drained(running_read& x, calls& out) {
  out.push_back(std::move(x.request.on_drained));
}

}  // namespace loopback

/// What the transports of a network share. Its members are to be used under
/// its mutex.
class loopback_network::state {
 public:
  using calls = loopback::calls;
  using node = loopback::node;
  using running_read = loopback::running_read;
  using guard = std::lock_guard<std::mutex>;

  std::mutex mutex;
  std::map<std::string, node> nodes;
  std::list<running_read> reads;  ///< In turn.
  transport::read_id last_id = 0;
  std::size_t corruptions = 0;
  std::size_t drops = 0;
  std::size_t failures = 0;
  read_status failure = read_status::done;

  /// Takes a step of the first read that can, and moves it to the end.
  bool step(calls& out) {
    const auto x =
      std::find_if(reads.begin(), reads.end(),
                   [this](const auto& each) { return can_step(each); });
    if (x == reads.end())
      return false;
    reads.splice(reads.end(), reads, x);
    const auto status = advance(*x);
    if (!status && !x->is_told)
      return true;
    if (status)
      tell(*x, *status, out);
    tell_drained(*x, out);
    reads.erase(x);
    return true;
  }

  /// Ends the reads of which `ends` is true.
  template <class Predicate>
  void end(const Predicate& ends, read_status status, calls& out) {
    reads.remove_if([&](auto& x) {
      if (!ends(x))
        return false;
      tell(x, status, out);
      tell_drained(x, out);
      return true;
    });
  }

 private:
  const node* peer_of(const running_read& x) const {
    const auto found = nodes.find(*x.request.peer);
    return found == nodes.end() ? nullptr : &found->second;
  }

  bool can_step(const running_read& x) const {
    const auto* peer = peer_of(x);
    return peer == nullptr || (!peer->is_held && (!x.is_stuck || x.is_told));
  }

  /// Returns the read's end, if this is it.
  std::optional<read_status> advance(running_read& x) {
    const auto* peer = peer_of(x);
    if (x.failure)
      return x.failure;
    if (!x.request.peer->starts_with(loopback::prefix))
      return read_status::bad_address;
    if (peer == nullptr)
      return read_status::unreachable;
    const auto& spans = x.request.spans;
    if (!std::all_of(spans.begin(), spans.end(), [&](const auto& each) {
          return loopback::contains(peer->memory, each.remote_offset,
                                    each.length) &&
                 loopback::contains(x.memory, each.local_offset, each.length);
        }))
      return read_status::out_of_bounds;
    if (!x.is_stuck && x.next_span < spans.size())
      copy_span(x, *peer);
    if (!x.is_stuck && x.next_span == spans.size())
      return read_status::done;
    return std::nullopt;
  }

  void copy_span(running_read& x, const node& peer) {
    if (drops > 0) {
      --drops;
      x.is_stuck = true;
      return;
    }
    const auto& span = x.request.spans[x.next_span];
    const auto to = x.memory.subspan(span.local_offset, span.length);
    std::memmove(to.data(), peer.memory.data() + span.remote_offset,
                 span.length);
    if (corruptions > 0) {
      --corruptions;
      to[span.length / 2] ^= std::byte{1};
    }
    const auto is_right = !span.checksum || *span.checksum == checksum_of(to);
    x.result.spans[x.next_span++] =
      is_right ? span_outcome::copied : span_outcome::corrupt;
    x.result.bytes += is_right ? span.length : 0;
  }
};

}  // namespace kvc
