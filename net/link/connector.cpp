#include "net/link/connector.hpp"

#include "net/link/outbound.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>

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
  service(connector_options options, const process_id& process,
          std::shared_ptr<link_table> links)
      : options_(std::move(options)),
        process_(process),
        links_(std::move(links)),
        thread_([this] { io_.run(); }) {}

  service(const service&) = delete;
  service& operator=(const service&) = delete;

  ~service() { stop(); }

  void stop() {
    io_.stop();
    if (thread_.joinable())
      thread_.join();
  }

  void set_secret(std::string secret) {
    asio::post(io_, [this, secret = std::move(secret)]() mutable {
      options_.secret = std::move(secret);
    });
  }

  void connect(host_and_port target, callback done) {
    asio::post(io_, [this, target = std::move(target),
                     done = std::move(done)]() mutable {
      std::make_shared<outbound>(
        io_, outbound_settings{options_, process_, links_, std::move(target)},
        std::move(done))
        ->start(resolver_);
    });
  }

 private:
  connector_options options_;  ///< Used on the thread alone.
  process_id process_;
  std::shared_ptr<link_table> links_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{
    io_.get_executor()};
  name_resolver resolver_{io_};
  std::thread thread_;
};

link_connector::link_connector(caf::actor_system& system,
                               connector_options options,
                               std::shared_ptr<link_table> links)
    : options_(std::move(options)),
      service_(std::make_unique<service>(options_, process_of(system.node()),
                                         std::move(links))) {}

link_connector::~link_connector() { stop(); }

void link_connector::connect(host_and_port target, callback done) {
  const std::lock_guard lock{mutex_};
  if (service_)
    service_->connect(std::move(target), std::move(done));
}

void link_connector::set_secret(std::string secret) {
  const std::lock_guard lock{mutex_};
  if (service_)
    service_->set_secret(std::move(secret));
}

void link_connector::stop() {
  std::unique_ptr<service> ending;  // Ends when the lock is gone.
  const std::lock_guard lock{mutex_};
  ending = std::move(service_);
}

}  // namespace kvc
