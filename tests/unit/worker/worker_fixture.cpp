#include "tests/unit/worker/worker_fixture.hpp"

namespace kvc::test {

worker_fixture::worker_fixture() {
  here.profile.id = {"vllm-0", 2};
  here.stores = {&chunks, nullptr};
  here.submit = [this](work_pool::job work) {
    jobs.push_back(std::move(work));
  };
  here.boot_clock = [this] { return system.boot_clock(); };
  settings.dialer = dialer;
  settings.process = {100, 0x7F4A7C15};
  controller.greeting.controller_id = 9;
  controller.greeting.epoch = 7;
  controller.greeting.max_reports = 4;
  controller.greeting.max_report_keys = 8;
  controller.greeting.shards = {{shards[0], 0}};
  controller.greeting.lookups = lookups;
  open_link();
}

worker_fixture::~worker_fixture() {
  hub.stop();
  here.forget_actors();
  settings.dialer = nullptr;
  network.link = nullptr;
  for (auto& sink : sinks)
    sink.held.clear();
  controller.hellos.clear();
  controller.greeting = {};
}

void worker_fixture::open_link() {
  link = spawn_registrar(system, &controller);
  network.link = link;
}

void worker_fixture::cut_link() {
  const auto previous = link;
  open_link();
  system.kill(previous);
}

void worker_fixture::start() {
  aut = system.spawn(worker, &here, reporter_sources{hub, store}, settings);
  aut->attach_functor([this](const caf::error& why) { end = why; });
}

template <class Message>
void worker_fixture::send(const Message& msg) {
  caf::anon_send(aut, msg);
  system.run();
}

template void worker_fixture::send(const ask_again&);
template void worker_fixture::send(const cancel_command&);
template void worker_fixture::send(const epoch_ended&);
template void worker_fixture::send(const leave&);
template void worker_fixture::send(const run_command&);

void worker_fixture::release_dials() {
  release_held(system, caf::actor_cast<caf::actor>(dialer));
}

void worker_fixture::release_greetings() {
  release_held(system, caf::actor_cast<caf::actor>(link));
}

}  // namespace kvc::test
