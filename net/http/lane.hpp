#pragma once

#include "net/http/lane_actor.hpp"
#include "net/http/request_reader.hpp"
#include "net/http/server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_set>
#include <vector>

namespace kvc {

class lane;
class session;

/// The context of a lane: what all lanes and connections of a server share.
struct server_context {
  http_server_options options;
  router routes;
  std::atomic<std::size_t> body_memory_used{0};
  request_limits limits;
  std::vector<lane*> lanes;  ///< All of the server, before the first starts.

  server_context(http_server_options chosen, router table);

  std::atomic<std::size_t>& connections() const {
    return options.counters->connections;
  }
};

/// A lane is one thread of a server: an event loop, the connections that it
/// serves, and the actor that asks other actors for them. Functions are called
/// on that thread, unless their comment says otherwise.
///
/// Each has a helper, a lane without connections, for requests that take long:
/// nobody else waits for them.
class lane {
 public:
  /// `helper` is null for a helper; else it must outlive the lane's thread.
  lane(caf::actor_system& system, server_context& context, lane* helper);

  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;

  /// The thread must have been joined.
  ~lane();

  void start();  ///< Starts the thread. Called by the owner.

  /// Gives running requests the drain time to end, then ends the thread. Called
  /// by the owner.
  void drain();

  void join();  ///< Waits for the thread to end. Called by the owner.

  /// Serves a connection whose socket belongs to `io()`. Called by any thread.
  void adopt(boost::asio::ip::tcp::socket socket);

  /// Runs something that takes long. Called by any thread, on helpers.
  void work(std::function<void()> task);

  boost::asio::io_context& io() { return io_; }

  /// Returns the number of its connections. Called by any thread.
  std::size_t load() const { return load_; }

  server_context& context() { return context_; }
  lane_actor& actor() { return as_lane(actor_); }
  lane& helper() { return *helper_; }
  bool is_draining() const { return is_draining_; }

  lane_counters& counters() { return counters_; }

  /// All reads of the lane go through this one buffer, so that connections
  /// without a request own none.
  std::array<char, 64UL * 1024>& scratch() { return scratch_; }

  /// Drops a connection that has closed.
  void forget(const std::shared_ptr<session>& closed);

 private:
  void run();
  void begin_drain();
  void end_if_drained();
  void close_all();
  void serve(boost::asio::ip::tcp::socket socket);
  void turn_away(boost::asio::ip::tcp::socket socket);

  /// Looks for the connection whose deadline is next among those of all lanes
  /// that wait for a request: hoarders must not lock others out. The lanes pass
  /// it on, each on its own thread.
  struct room_search {
    lane* home = nullptr;  ///< Whose first arrival needs the room.
    std::size_t next = 0;  ///< The lane to ask, or behind the last one.
    lane* found = nullptr;
    std::chrono::steady_clock::time_point deadline =
      std::chrono::steady_clock::time_point::max();
  };

  void pass_on(room_search search);
  void look_for_room(room_search search);

  /// Serves the first arrival, or turns it away.
  void admit_arrival(bool has_room);

  /// Returns the connection of this lane that waits for a request and whose
  /// deadline is next, or null.
  std::shared_ptr<session> next_to_shed() const;
  bool shed_one();
  void watch_deadlines();

  /// Gives memory back to the system soon.
  void trim_soon();

  server_context& context_;
  lane* helper_;
  lane_counters& counters_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
    work_{io_.get_executor()};
  boost::asio::steady_timer watch_{io_};
  boost::asio::steady_timer drain_end_{io_};
  boost::asio::steady_timer trim_{io_};
  std::chrono::milliseconds watch_interval_;
  caf::actor actor_;
  std::array<char, 64UL * 1024> scratch_{};
  std::unordered_set<std::shared_ptr<session>> sessions_;
  /// Connections beyond the limit, for which the lanes look for room.
  std::deque<boost::asio::ip::tcp::socket> arrivals_;
  std::atomic<std::size_t> load_{0};
  bool is_draining_ = false;
  bool is_trim_due_ = false;
  std::thread thread_;
};

}  // namespace kvc
