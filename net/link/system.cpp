#include "net/link/system.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/node_id.hpp>

#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace caf::net {

// CAF 0.17.6 declares a class of this name as a friend but never defines it. To
// define it is the one way to replace the node id, which CAF derives from MAC
// addresses and the process id. Two containers may have both in common, and so
// has one container before and after a restart.
class middleman : public actor_system::module {
 public:
  explicit middleman(actor_system& system) : system_(system) {}

  void start() override {}
  void stop() override {}

  void init(actor_system_config&) override {
    std::random_device random;
    node_id::default_data::host_id_type host;
    for (auto& byte : host)
      byte = static_cast<std::uint8_t>(random());
    auto id = make_node_id(random() | 1U, host);
    system_.node_.swap(id);
  }

  id_t id() const override { return module::network_manager; }
  void* subtype_ptr() override { return this; }

  static actor_system::module* make(actor_system& system, detail::type_list<>) {
    return new middleman(system);  // The actor system takes ownership.
  }

 private:
  actor_system& system_;
};

}  // namespace caf::net

namespace kvc {

void configure_link(caf::actor_system_config& config, std::size_t max_threads) {
  using namespace std::chrono_literals;
  config.load<caf::io::middleman>();
  config.load<caf::net::middleman>();  // After the one that sets CAF's own id.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-throughput", std::size_t{50});
  config.set("scheduler.max-threads", max_threads);
  config.set("middleman.heartbeat-interval", caf::timespan{1s});
  config.set("middleman.connection-timeout", caf::timespan{10s});
  config.set("middleman.app-identifiers", std::vector<std::string>{"kvc/1"});
}

}  // namespace kvc
