#include "actors/peers/rank.hpp"

#include "config/host_address.hpp"
#include "messages/errors.hpp"

#include <utility>

namespace kvc {

bool rank::note_link(const std::string& own_address) {
  const std::lock_guard lock{mutex_};
  return std::exchange(own_address_, own_address) != own_address;
}

std::string rank::ip() const {
  const std::lock_guard lock{mutex_};
  return profile.ip.empty() ? own_address_ : profile.ip;
}

worker_profile rank::present() const {
  auto result = profile;
  result.ip = ip();
  if (transport != nullptr)
    result.peer_url = to_string(host_and_port{result.ip, transport->port()});
  return result;
}

worker_actor rank::worker() const {
  const std::lock_guard lock{mutex_};
  return worker_;
}

void rank::set_worker(const worker_actor& actor) {
  const std::lock_guard lock{mutex_};
  worker_ = actor;
}

peer_dialer_actor rank::dialer() const {
  const std::lock_guard lock{mutex_};
  return dialer_;
}

void rank::set_dialer(const peer_dialer_actor& actor) {
  const std::lock_guard lock{mutex_};
  dialer_ = actor;
}

void rank::on_go_ahead(std::function<void()> act) {
  const std::lock_guard lock{mutex_};
  act_ = std::move(act);
}

void rank::go_ahead() {
  std::function<void()> act;
  {
    const std::lock_guard lock{mutex_};
    act = act_;
  }
  if (act)
    act();
}

void rank::note_welcome(const welcome& answer) {
  {
    const std::lock_guard lock{mutex_};
    if (is_over_)
      return;
    if (answer.controller_id != controller_id_)
      clock_ = {};
    controller_id_ = answer.controller_id;
    epoch_ = answer.epoch;
    lookups_ = answer.lookups;
    is_registered_.notify_all();
  }
  go_ahead();
}

void rank::note_clock(std::chrono::microseconds asked,
                      std::chrono::microseconds shown) {
  const auto now = boot_clock();
  const std::lock_guard lock{mutex_};
  clock_.note(asked, now, shown);
}

caf::error rank::check(const order_terms& terms) const {
  {
    const std::lock_guard lock{mutex_};
    if (terms.controller_id != controller_id_ || terms.epoch != epoch_)
      return caf::make_error(errc::stale_epoch, to_string(id()));
  }
  if (!time_until(terms.not_after))
    return caf::make_error(errc::too_late, "nothing was begun");
  return caf::none;
}

std::optional<std::chrono::milliseconds> rank::time_until(
  std::chrono::microseconds not_after) const {
  const auto now = boot_clock();
  const std::lock_guard lock{mutex_};
  const auto latest = clock_.latest(now);
  if (!latest || *latest > not_after)
    return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(not_after - *latest);
}

void rank::note_lost_link() {
  const std::lock_guard lock{mutex_};
  lookups_ = nullptr;
}

std::uint64_t rank::epoch() const {
  const std::lock_guard lock{mutex_};
  return epoch_;
}

std::uint64_t rank::controller_id() const {
  const std::lock_guard lock{mutex_};
  return controller_id_;
}

lookup_actor rank::lookups() const {
  const std::lock_guard lock{mutex_};
  return lookups_;
}

bool rank::is_registered_by(
  std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock{mutex_};
  return is_registered_.wait_until(lock, deadline,
                                   [this] { return epoch_ != 0; });
}

void rank::forget_actors() {
  const std::lock_guard lock{mutex_};
  is_over_ = true;
  worker_ = nullptr;
  dialer_ = nullptr;
  lookups_ = nullptr;
  act_ = nullptr;
}

}  // namespace kvc
