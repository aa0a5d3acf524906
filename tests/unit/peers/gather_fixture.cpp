#include "tests/unit/peers/gather_fixture.hpp"

#include "tests/support/release.hpp"

namespace kvc::test {

namespace {

using scripted_lookups_impl = lookup_actor::extend<caf::reacts_to<release>>;

scripted_lookups_impl::behavior_type scripted_lookups(
  scripted_lookups_impl::pointer self, lookup_script* script) {
  using answer = caf::result<std::vector<chunk_holder>>;
  return {
    [](const find_prefixes&) { return std::vector<prefix_match>{}; },
    [=](const locate_chunks& msg) -> answer {
      script->questions.push_back(msg);
      if (script->is_silent) {
        script->held.push_back(
          self->make_response_promise<std::vector<chunk_holder>>());
        return script->held.back();
      }
      if (script->refusal)
        return script->refusal;
      return script->holders;
    },
    [=](release) {
      for (auto& x : std::exchange(script->held, {}))
        x.deliver(script->holders);
    },
  };
}

}  // namespace

gather_fixture::gather_fixture() : peer_fixture(64, 64) {
  peers.links["elsewhere"] = spawn_peer(system, &c_script);
  lookups = system.spawn(scripted_lookups, &controller);
  here.profile.model = "llama";
  here.profile.ip = "here";
  open_link();
  aut = system.spawn(gatherer, std::cref(here), gather_options{});
}

gather_fixture::~gather_fixture() {
  system.kill(aut);
  others->stop();
  jobs.clear();
  controller.held.clear();
  c_script.forget();
  peers = {};
}

void gather_fixture::open_link() {
  welcome answer;
  answer.lookups = lookups;
  here.note_welcome(answer);
}

std::shared_ptr<answer_box<peer_source::result>> gather_fixture::ask(
  const hashes& names) {
  return ask_later<peer_source::result>(system, aut, gather_chunks{names});
}

void gather_fixture::ask_and_release(const hashes& names) {
  system.spawn([=, this](caf::event_based_actor* self) {
    self->request(aut, caf::infinite, gather_chunks{names})
      .then([self, this](const peer_source::result&) {
        self->send(caf::actor_cast<caf::actor>(lookups), release{});
      });
  });
}

std::size_t gather_fixture::fetch(const hashes& names) {
  const auto answer = ask(names);
  settle();
  REQUIRE(answer->value);
  return answer->value->chunks;
}

void gather_fixture::damage_first() {
  work();
  for (int i = 0; i < 2; ++i) {
    network.corrupt_next(1);
    network.run_all();
    system.run();
  }
}

std::vector<hashes> gather_fixture::asked(const peer_script& x) {
  std::vector<hashes> result;
  for (const auto& lease : x.leases)
    result.push_back(lease.hashes.keys);
  return result;
}

}  // namespace kvc::test
