#pragma once

#include "messages/errors.hpp"
#include "messages/registry.hpp"
#include "net/link/acceptor.hpp"
#include "net/link/dialer.hpp"
#include "net/link/system.hpp"

#include <doctest/doctest.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <dirent.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace kvc::test {

using namespace std::chrono_literals;

/// Generous: a busy machine must not fail a test.
inline constexpr auto patience = 20s;

/// Waits until `holds()`; false when patience ends first.
template <class Condition>
bool eventually(Condition holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// Returns how many descriptors this process has open.
inline std::size_t open_descriptors() {
  auto* const directory = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (::readdir(directory) != nullptr)
    ++count;
  ::closedir(directory);
  return count;
}

/// An actor system on a network, as our programs build it.
class node {
 public:
  node() : system_(configure(config_)) {}

  caf::actor_system& system() { return system_; }

  /// Sends `request` and returns the answer.
  template <class Reply, class Handle, class Request>
  caf::expected<Reply> ask(const Handle& target, Request request) {
    caf::scoped_actor self{system_};
    caf::expected<Reply> result{caf::sec::runtime_error};
    self->request(target, patience, std::move(request))
      .receive([&](Reply& reply) { result = std::move(reply); },
               [&](caf::error& error) { result = std::move(error); });
    return result;
  }

  /// Returns whether `target` goes down.
  template <class Handle>
  bool goes_down(const Handle& target) {
    caf::scoped_actor self{system_};
    self->monitor(target);
    bool is_down = false;
    self->receive([&](const caf::down_msg&) { is_down = true; },
                  caf::after(patience) >> [] {});
    return is_down;
  }

  /// Returns whether `target` is there, as far as this process knows.
  template <class Handle>
  bool is_up(const Handle& target) {
    caf::scoped_actor self{system_};
    self->monitor(target);
    bool is_down = false;
    self->receive([&](const caf::down_msg&) { is_down = true; },
                  caf::after(0ms) >> [] {});
    return !is_down;
  }

 private:
  static caf::actor_system_config& configure(caf::actor_system_config& config) {
    configure_link(config, 2);
    add_messages(config);
    return config;
  }

  caf::actor_system_config config_;
  caf::actor_system system_;
};

/// Workers that said hello, and those of them that went down.
struct worker_counts {
  std::atomic<int> registered = 0;
  std::atomic<int> lost = 0;
};

/// Welcomes everybody and counts.
inline registrar_actor::behavior_type generous_registrar(
  registrar_actor::pointer self, const std::shared_ptr<worker_counts>& counts) {
  self->set_down_handler([counts](const caf::down_msg&) { ++counts->lost; });
  return {
    [self, counts](const register_worker& hello) {
      ++counts->registered;
      self->monitor(hello.actor);
      welcome result;
      result.epoch = hello.profile.id.rank + 100;
      return result;
    },
    [](const renew_lease& renewal) {
      return lease{renewal.epoch, 5s};
    },
    [](const deregister_worker&) { return true; },
  };
}

/// A controller as far as links are concerned.
class server {
 public:
  explicit server(acceptor_options options = {})
      : registrar_(node_.system().spawn(generous_registrar, counts_)) {
    start(std::move(options));
  }

  ~server() {
    acceptor_.reset();
    caf::anon_send_exit(registrar_, caf::exit_reason::user_shutdown);
  }

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  void start(acceptor_options options) {
    acceptor_.emplace(std::move(options));
    const auto port = acceptor_->start(node_.system(), registrar_);
    REQUIRE(port);
    port_ = *port;
  }

  node& self() { return node_; }
  link_acceptor& acceptor() { return *acceptor_; }
  const registrar_actor& registrar() const { return registrar_; }
  std::uint16_t port() const { return port_; }

  int registered_workers() const { return counts_->registered; }
  int lost_workers() const { return counts_->lost; }

 private:
  std::shared_ptr<worker_counts> counts_ = std::make_shared<worker_counts>();
  node node_;
  registrar_actor registrar_;
  std::optional<link_acceptor> acceptor_;
  std::uint16_t port_ = 0;
};

/// A worker as far as links are concerned.
class client {
 public:
  explicit client(connector_options options)
      : connector_(
          std::make_shared<link_connector>(node_.system(), std::move(options))),
        dialer_(node_.system().spawn(dialer, connector_)) {}

  client(std::uint16_t port, std::string secret)
      : client(connector_options{
          .host = "127.0.0.1", .port = port, .secret = std::move(secret)}) {}

  ~client() {
    connector_->stop();
    caf::anon_send_exit(dialer_, caf::exit_reason::user_shutdown);
  }

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  node& self() { return node_; }
  const dialer_actor& actor() const { return dialer_; }
  link_connector& connector() { return *connector_; }

  caf::expected<registrar_actor> dial() {
    return node_.ask<registrar_actor>(dialer_, kvc::dial{});
  }

  /// Dials until it works.
  registrar_actor link() {
    auto result = dial();
    REQUIRE(eventually([&] { return result || (result = dial()); }));
    return *result;
  }

  /// Returns the detail of a dial's failure.
  std::string failure() {
    const auto result = dial();
    return result ? "linked" : describe(result.error());
  }

  /// Returns whether requests over the link are answered.
  bool works(const registrar_actor& registrar) {
    const auto granted =
      node_.ask<lease>(registrar, renew_lease{{"instance", 1}, 42, {}});
    return granted && granted->epoch == 42 && granted->valid_for == 5s;
  }

 private:
  node node_;
  std::shared_ptr<link_connector> connector_;
  dialer_actor dialer_;
};

/// Returns whether a worker with this secret gets a link that works.
inline bool dials(const server& controller, const std::string& secret) {
  client worker{controller.port(), secret};
  return worker.works(worker.link());
}

}  // namespace kvc::test
