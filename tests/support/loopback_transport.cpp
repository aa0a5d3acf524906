#include "tests/support/loopback_transport.hpp"

#include "tests/support/loopback_state.hpp"

#include <array>
#include <atomic>
#include <utility>
#include <vector>

namespace kvc {

namespace {

using loopback::calls;
using loopback::node;
using loopback::running_read;

std::string next_address() {
  static std::atomic<std::uint64_t> last = 0;
  return std::string{loopback::prefix} + std::to_string(++last);
}

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
