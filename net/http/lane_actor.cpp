#include "net/http/lane_actor.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/mailbox_element.hpp>

#include <utility>

namespace kvc {

namespace {

void refuse(const caf::mailbox_element& element) {
  if (!element.mid.is_request())
    return;
  caf::detail::sync_request_bouncer answer{caf::exit_reason::unknown};
  answer(element.sender, element.mid);
}

}  // namespace

lane_actor::lane_actor(caf::actor_config& config, poster post)
    : super(config), post_(std::move(post)), unit_(&home_system()) {
  context(&unit_);
  become(
    caf::behavior{[](const caf::unit_t&) {}});  // Without one it would end.
  setf(is_initialized_flag);
}

void lane_actor::close() {
  shut();
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::user_shutdown, &unit_);
}

void lane_actor::enqueue(caf::mailbox_element_ptr element,
                         caf::execution_unit*) {
  std::unique_lock lock{mutex_};
  if (is_closed_) {
    lock.unlock();
    refuse(*element);
    return;
  }
  const bool is_first = mailbox_.empty();
  mailbox_.push_back(std::move(element));
  // Posting under the lock: after close() the loop is never touched again.
  if (is_first)
    post_([this, self = caf::strong_actor_ptr{ctrl()}] { drain(); });
}

void lane_actor::enqueue(caf::strong_actor_ptr source, caf::message_id id,
                         caf::message content, caf::execution_unit* unit) {
  enqueue(
    caf::make_mailbox_element(std::move(source), id, {}, std::move(content)),
    unit);
}

void lane_actor::launch(caf::execution_unit*, bool, bool is_hidden) {
  if (!is_hidden)
    register_at_system();
}

void lane_actor::on_exit() { shut(); }

void lane_actor::drain() {
  std::deque<caf::mailbox_element_ptr> batch;
  {
    const std::lock_guard lock{mutex_};
    batch.swap(mailbox_);
  }
  for (auto& element : batch)
    if (activate(&unit_, *element) == activation_result::terminated)
      break;
}

void lane_actor::shut() {
  std::deque<caf::mailbox_element_ptr> batch;
  {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
    batch.swap(mailbox_);
  }
  for (auto& element : batch)
    refuse(*element);
}

caf::actor spawn_lane(caf::actor_system& system, lane_actor::poster post) {
  return caf::actor_cast<caf::actor>(system.spawn<lane_actor>(std::move(post)));
}

lane_actor& as_lane(const caf::actor& actor) {
  return *static_cast<lane_actor*>(
    caf::actor_cast<caf::abstract_actor*>(actor));
}

}  // namespace kvc
