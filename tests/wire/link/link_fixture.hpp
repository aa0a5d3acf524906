#pragma once

#include "messages/dialer.hpp"
#include "messages/errors.hpp"
#include "messages/registry.hpp"
#include "net/link/acceptor.hpp"
#include "net/link/connector.hpp"

#include <doctest/doctest.h>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

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
std::size_t open_descriptors();

/// An actor system on a network, as our programs build it.
class node {
 public:
  node();
  ~node();

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
    return goes_down(caf::actor_cast<caf::actor>(target), patience);
  }

  /// Returns whether `target` is there, as far as this process knows.
  template <class Handle>
  bool is_up(const Handle& target) {
    return !goes_down(caf::actor_cast<caf::actor>(target), 0ms);
  }

 private:
  bool goes_down(const caf::actor& target, std::chrono::milliseconds within);

  caf::actor_system_config config_;
  caf::actor_system system_;
};

/// Workers that said hello, and those of them that went down.
struct worker_counts;

/// A controller as far as links are concerned.
class server {
 public:
  explicit server(acceptor_options options = {});
  ~server();

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  void start(acceptor_options options);

  node& self() { return node_; }
  link_acceptor& acceptor() { return *acceptor_; }
  const registrar_actor& registrar() const { return registrar_; }
  std::uint16_t port() const { return port_; }

  int registered_workers() const;
  int lost_workers() const;

 private:
  std::shared_ptr<worker_counts> counts_;
  node node_;
  registrar_actor registrar_;
  std::optional<link_acceptor> acceptor_;
  std::uint16_t port_ = 0;
};

/// A worker as far as links are concerned.
class client {
 public:
  explicit client(connector_options options);
  client(std::uint16_t port, std::string secret);
  ~client();

  client(const client&) = delete;
  client& operator=(const client&) = delete;

  node& self() { return node_; }
  const dialer_actor& actor() const { return dialer_; }
  link_connector& connector() { return *connector_; }

  caf::expected<registrar_actor> dial();
  caf::expected<registrar_actor> dial(const dialer_actor& dialer);

  /// Where others reach this client, by the latest dial.
  const std::string& own_address() const { return own_address_; }

  /// Dials until it works.
  registrar_actor link();

  /// Returns the detail of a dial's failure.
  std::string failure();

  /// Returns whether requests over the link are answered.
  bool works(const registrar_actor& registrar);

 private:
  node node_;
  std::shared_ptr<link_connector> connector_;
  dialer_actor dialer_;
  std::string own_address_;
};

/// Returns whether a worker with this secret gets a link that works.
bool dials(const server& controller, const std::string& secret);

}  // namespace kvc::test
