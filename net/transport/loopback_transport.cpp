#include "net/transport/loopback_transport.hpp"

#include "net/transport/checksum.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <list>
#include <map>
#include <mutex>
#include <utility>

namespace kvc {

namespace {

constexpr std::string_view prefix = "loopback:";

std::string next_address() {
  static std::atomic<std::uint64_t> last = 0;
  return std::string{prefix} + std::to_string(++last);
}

/// What is to be called once the lock is released.
using calls = std::vector<std::function<void()>>;

bool contains(std::span<const std::byte> memory, std::uint64_t offset,
              std::uint64_t length) {
  return length > 0 && length <= memory.size() &&
         offset <= memory.size() - length;
}

/// A transport as its peers see it.
struct node {
  std::span<std::byte> memory;
  bool is_held = false;
};

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

void tell(running_read& x, read_status status, calls& out) {
  if (std::exchange(x.is_told, true))
    return;
  x.result.status = status;
  out.emplace_back([done = std::move(x.request.on_done),
                    result = x.result]() mutable { done(std::move(result)); });
}

void tell_drained(running_read& x, calls& out) {
  out.push_back(std::move(x.request.on_drained));
}

}  // namespace

class loopback_network::state {
 public:
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
    const auto status = advance(*x, out);
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
  std::optional<read_status> advance(running_read& x, calls& out) {
    const auto* peer = peer_of(x);
    if (x.failure)
      return x.failure;
    if (!x.request.peer->starts_with(prefix))
      return read_status::bad_address;
    if (peer == nullptr)
      return read_status::unreachable;
    const auto& spans = x.request.spans;
    if (!std::all_of(spans.begin(), spans.end(), [&](const auto& each) {
          return contains(peer->memory, each.remote_offset, each.length) &&
                 contains(x.memory, each.local_offset, each.length);
        }))
      return read_status::out_of_bounds;
    if (!x.is_stuck && x.next_span < spans.size())
      copy_span(x, *peer, out);
    if (!x.is_stuck && x.next_span == spans.size())
      return read_status::done;
    return std::nullopt;
  }

  void copy_span(running_read& x, const node& peer, calls& out) {
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
    if (x.request.on_progress && !x.is_told)
      out.emplace_back([progress = x.request.on_progress,
                        bytes = x.result.bytes] { progress(bytes); });
  }
};

namespace {

using state_pointer = std::shared_ptr<loopback_network::state>;

/// Runs `change` under the lock and then what it collects for later.
template <class Change>
auto update(loopback_network::state& state, const Change& change) {
  calls later;
  const auto result = [&] {
    const std::lock_guard lock{state.mutex};
    return change(later);
  }();
  for (const auto& call : later)
    if (call)
      call();
  return result;
}

/// Aligned as the memory of real transports is.
struct alignas(64) line {
  std::array<std::byte, 64> bytes{};
};

class loopback_transport : public transport {
 public:
  loopback_transport(state_pointer state, std::uint64_t bytes)
      : state_(std::move(state)),
        lines_((bytes + sizeof(line) - 1) / sizeof(line)),
        memory_(std::as_writable_bytes(std::span{lines_}).first(bytes)) {
    const std::lock_guard lock{state_->mutex};
    state_->nodes.emplace(address_, node{memory_});
  }

  ~loopback_transport() override { stop(); }

  std::span<std::byte> memory() const override { return memory_; }
  const std::string& address() const override { return address_; }
  std::uint16_t port() const override { return 0; }

  read_id read(read_request request) override {
    return update(*state_, [&](auto& out) {
      running_read x{.id = ++state_->last_id,
                     .reader = address_,
                     .memory = memory_,
                     .request = std::move(request)};
      x.result.spans.resize(x.request.spans.size());
      if (state_->failures > 0) {
        --state_->failures;
        x.failure = state_->failure;
      }
      const auto id = x.id;
      state_->reads.push_back(std::move(x));
      if (is_stopped_)
        end_mine(out);
      return id;
    });
  }

  void cancel(read_id id) override {
    update(*state_, [&](auto& out) {
      for (auto& x : state_->reads)
        if (x.id == id && x.reader == address_)
          tell(x, read_status::cancelled, out);
      return true;
    });
  }

  void stop() override {
    update(*state_, [&](auto& out) {
      is_stopped_ = true;
      state_->nodes.erase(address_);
      end_mine(out);
      return true;
    });
  }

 private:
  void end_mine(calls& out) {
    state_->end([this](const auto& x) { return x.reader == address_; },
                read_status::cancelled, out);
  }

  state_pointer state_;
  std::vector<line> lines_;
  std::span<std::byte> memory_;  ///< Of the lines.
  std::string address_ = next_address();
  bool is_stopped_ = false;
};

}  // namespace

loopback_network::loopback_network() : state_(std::make_shared<state>()) {}

loopback_network::~loopback_network() = default;

std::unique_ptr<transport> loopback_network::make_transport(
  std::uint64_t bytes) {
  return std::make_unique<loopback_transport>(state_, bytes);
}

bool loopback_network::run_one() {
  return update(*state_, [this](auto& out) { return state_->step(out); });
}

std::size_t loopback_network::run_all() {
  std::size_t steps = 0;
  while (run_one())
    ++steps;
  return steps;
}

std::size_t loopback_network::pending() const {
  const state::guard lock{state_->mutex};
  return state_->reads.size();
}

void loopback_network::hold(const std::string& address) {
  const state::guard lock{state_->mutex};
  if (const auto x = state_->nodes.find(address); x != state_->nodes.end())
    x->second.is_held = true;
}

void loopback_network::release(const std::string& address) {
  const state::guard lock{state_->mutex};
  if (const auto x = state_->nodes.find(address); x != state_->nodes.end())
    x->second.is_held = false;
}

void loopback_network::lose(const std::string& address) {
  const state::guard lock{state_->mutex};
  state_->nodes.erase(address);
}

void loopback_network::corrupt_next(std::size_t spans) {
  const state::guard lock{state_->mutex};
  state_->corruptions = spans;
}

void loopback_network::drop_next(std::size_t spans) {
  const state::guard lock{state_->mutex};
  state_->drops = spans;
}

void loopback_network::fail_next(std::size_t reads, read_status status) {
  const state::guard lock{state_->mutex};
  state_->failures = reads;
  state_->failure = status;
}

void loopback_network::pass_soft_deadlines() {
  update(*state_, [this](auto& out) {
    for (auto& x : state_->reads)
      tell(x, read_status::timed_out, out);
    return true;
  });
}

void loopback_network::pass_hard_deadlines() {
  update(*state_, [this](auto& out) {
    state_->end([](const auto&) { return true; }, read_status::unreachable,
                out);
    return true;
  });
}

}  // namespace kvc
