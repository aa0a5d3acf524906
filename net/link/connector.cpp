#include "net/link/connector.hpp"

#include "net/link/outbound.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/node_id.hpp>

#include <unistd.h>

#include <thread>
#include <utility>

namespace kvc {

namespace asio = boost::asio;

std::chrono::milliseconds dial_timeout(const connector_options& options) {
  // Twice: the dialer tries once more if CAF drops a fresh connection.
  return 2 * (options.connect_timeout + options.handshake_timeout +
              options.caf_timeout);
}

linked_socket::~linked_socket() {
  if (fd_ >= 0)
    ::close(fd_);
}

int linked_socket::release() { return std::exchange(fd_, -1); }

class link_connector::service {
 public:
  service(const connector_options& options, const process_id& process)
      : options_(options), process_(process), thread_([this] { io_.run(); }) {}

  service(const service&) = delete;
  service& operator=(const service&) = delete;

  ~service() { stop(); }

  void stop() {
    io_.stop();
    if (thread_.joinable())
      thread_.join();
  }

  void connect(callback done) {
    asio::post(io_, [this, done = std::move(done)]() mutable {
      std::make_shared<outbound>(io_, options_, process_, std::move(done))
        ->start(resolver_);
    });
  }

 private:
  const connector_options& options_;
  process_id process_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{
    io_.get_executor()};
  name_resolver resolver_{io_};
  std::thread thread_;
};

link_connector::link_connector(caf::actor_system& system,
                               connector_options options)
    : options_(std::move(options)),
      service_(std::make_unique<service>(
        options_, make_process_id(to_string(system.node())))) {}

link_connector::~link_connector() { stop(); }

void link_connector::connect(callback done) {
  service_->connect(std::move(done));
}

void link_connector::stop() { service_.reset(); }

}  // namespace kvc
