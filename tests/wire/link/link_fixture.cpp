#include "tests/wire/link/link_fixture.hpp"

#include "net/link/dialer.hpp"
#include "net/link/system.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <dirent.h>

#include <atomic>

namespace kvc::test {

struct worker_counts {
  std::atomic<int> registered = 0;
  std::atomic<int> lost = 0;
};

namespace {

/// Welcomes everybody and counts.
registrar_actor::behavior_type generous_registrar(
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

caf::actor_system_config& configure(caf::actor_system_config& config) {
  configure_link(config, 2);
  add_messages(config);
  return config;
}

}  // namespace

std::size_t open_descriptors() {
  auto* const directory = ::opendir("/proc/self/fd");
  std::size_t count = 0;
  while (::readdir(directory) != nullptr)
    ++count;
  ::closedir(directory);
  return count;
}

node::node() : system_(configure(config_)) {}

node::~node() = default;

bool node::goes_down(const caf::actor& target,
                     std::chrono::milliseconds within) {
  caf::scoped_actor self{system_};
  self->monitor(target);
  bool is_down = false;
  self->receive([&](const caf::down_msg&) { is_down = true; },
                caf::after(within) >> [] {});
  return is_down;
}

server::server(acceptor_options options)
    : counts_(std::make_shared<worker_counts>()),
      registrar_(node_.system().spawn(generous_registrar, counts_)) {
  start(std::move(options));
}

server::~server() {
  acceptor_.reset();
  caf::anon_send_exit(registrar_, caf::exit_reason::user_shutdown);
}

void server::start(acceptor_options options) {
  acceptor_.emplace(std::move(options));
  const auto bound = acceptor_->start(node_.system(), registrar_);
  REQUIRE(bound);
  port_ = bound->port;
}

int server::registered_workers() const { return counts_->registered; }

int server::lost_workers() const { return counts_->lost; }

client::client(connector_options options)
    : connector_(
        std::make_shared<link_connector>(node_.system(), std::move(options))),
      dialer_(node_.system().spawn(dialer, connector_)) {}

client::client(std::uint16_t port, std::string secret)
    : client(connector_options{
        .host = "127.0.0.1", .port = port, .secret = std::move(secret)}) {}

client::~client() {
  connector_->stop();
  caf::anon_send_exit(dialer_, caf::exit_reason::user_shutdown);
}

caf::expected<registrar_actor> client::dial() { return dial(dialer_); }

caf::expected<registrar_actor> client::dial(const dialer_actor& dialer) {
  caf::scoped_actor self{node_.system()};
  caf::expected<registrar_actor> result{caf::sec::runtime_error};
  self->request(dialer, patience, kvc::dial{})
    .receive(
      [&](registrar_actor& registrar, std::string& own_address) {
        result = std::move(registrar);
        own_address_ = std::move(own_address);
      },
      [&](caf::error& error) { result = std::move(error); });
  return result;
}

registrar_actor client::link() {
  auto result = dial();
  REQUIRE(eventually([&] { return result || (result = dial()); }));
  return *result;
}

std::string client::failure() {
  const auto result = dial();
  return result ? "linked" : describe(result.error());
}

bool client::works(const registrar_actor& registrar) {
  const auto granted =
    node_.ask<lease>(registrar, renew_lease{{"instance", 1}, 42, {}});
  return granted && granted->epoch == 42 && granted->valid_for == 5s;
}

bool dials(const server& controller, const std::string& secret) {
  client worker{controller.port(), secret};
  return worker.works(worker.link());
}

}  // namespace kvc::test
