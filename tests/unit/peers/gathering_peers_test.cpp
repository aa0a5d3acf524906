#include "actors/peers/gatherer.hpp"
#include "messages/lookup.hpp"
#include "tests/support/store_support.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

using namespace kvc;

namespace {

using holders = std::vector<chunk_holder>;

struct silent_state {
  silent_state() = default;

  std::vector<caf::typed_response_promise<holders>> asked;
};

/// Lookups that never answer. `is_asked` becomes true when they could.
lookup_actor::behavior_type silent_lookups(
  lookup_actor::stateful_pointer<silent_state> self,
  std::atomic<bool>* is_asked) {
  return {
    [](const find_prefixes&) { return std::vector<prefix_match>{}; },
    [=](const locate_chunks&) -> caf::result<holders> {
      self->state.asked.push_back(self->make_response_promise<holders>());
      *is_asked = true;
      is_asked->notify_all();
      return self->state.asked.back();
    },
  };
}

caf::actor_system_config& configured(caf::actor_system_config& config) {
  add_messages(config);
  config.set("scheduler.max-threads", 1U);
  config.set("logger.verbosity", caf::atom("quiet"));
  return config;
}

}  // namespace

TEST_SUITE("gathering_peers") {
  TEST_CASE("lets nobody wait beyond its end") {
    caf::actor_system_config config;
    std::optional<caf::actor_system> system{std::in_place, configured(config)};
    std::atomic<bool> is_asked = false;
    std::size_t brought = 9;
    constexpr std::array<std::uint64_t, 1> names{1};
    cpu_store store{test::map_arena(4'096), {}};
    rank here;
    here.set_stores(&store, nullptr);
    auto lookups = system->spawn(silent_lookups, &is_asked);
    {
      welcome link;
      link.lookups = lookups;
      here.note_welcome(link);
    }
    constexpr std::chrono::minutes patience{1};
    auto actor = system->spawn(gatherer, std::cref(here),
                               gather_options{.patience = patience});
    gathering_peers peers{*system, actor, patience};
    std::thread reader{[&] { brought = peers.fetch(names).chunks; }};
    is_asked.wait(false);
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    peers.stop();
    // From here on a reader that still ran would use what is gone.
    caf::anon_send_exit(lookups, caf::exit_reason::user_shutdown);
    here.forget_actors();
    lookups = nullptr;
    actor = nullptr;
    system.reset();
    reader.join();
    CHECK(brought == 0);
    CHECK(peers.fetch(names).chunks == 0);
  }
}
