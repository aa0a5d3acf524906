#pragma once

#include <caf/extend.hpp>
#include <caf/mixin/behavior_changer.hpp>
#include <caf/mixin/requester.hpp>
#include <caf/mixin/sender.hpp>
#include <caf/mixin/subscriber.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scoped_execution_unit.hpp>

#include <deque>
#include <functional>
#include <mutex>

namespace kvc {

class lane_actor;

}  // namespace kvc

template <>
class caf::behavior_type_of<kvc::lane_actor> {
 public:
  using type = caf::behavior;
};

namespace kvc {

/// The actor of a lane. It runs on the lane's event loop instead of CAF's
/// threads, and so do the handlers of the answers that it gets. Handlers of
/// HTTP requests use it to `request(...)` other actors.
class lane_actor : public caf::extend<caf::scheduled_actor, lane_actor>::with<
                     caf::mixin::sender, caf::mixin::requester,
                     caf::mixin::subscriber, caf::mixin::behavior_changer> {
 public:
  using super = extended_base;
  using signatures = caf::none_t;
  using behavior_type = caf::behavior;

  /// Lets the event loop run a function soon. Called by any thread, but never
  /// after close().
  using poster = std::function<void(std::function<void()>)>;

  lane_actor(caf::actor_config& config, poster post);

  /// Ends the actor. Requests to it bounce, and handlers that wait for an
  /// answer are dropped. Called by the owner after the loop has stopped, before
  /// it is destroyed.
  void close();

  const char* name() const override { return "lane"; }
  void enqueue(caf::mailbox_element_ptr element, caf::execution_unit*) override;
  void enqueue(caf::strong_actor_ptr source, caf::message_id id,
               caf::message content, caf::execution_unit* unit) override;
  void launch(caf::execution_unit*, bool, bool is_hidden) override;
  void on_exit() override;

 private:
  void drain();
  void shut();

  poster post_;
  caf::scoped_execution_unit unit_;
  std::mutex mutex_;  // Guards what follows.
  bool is_closed_ = false;
  std::deque<caf::mailbox_element_ptr> mailbox_;
};

/// Spawns a lane_actor, which lives until close().
caf::actor spawn_lane(caf::actor_system& system, lane_actor::poster post);

/// Returns the lane_actor behind what `spawn_lane` returned.
lane_actor& as_lane(const caf::actor& actor);

}  // namespace kvc
