#include "tests/support/peer_fixture.hpp"

namespace kvc::test {

cpu_store store_over(transport& x, membership_listener* listener,
                     const chunk_store::time_point& now, chunk_format format) {
  auto memory = arena::over(x.memory());
  REQUIRE(memory);
  return cpu_store{std::move(*memory),
                   {.listener = listener,
                    .format = std::move(format),
                    .now = [&now] { return now; }}};
}

std::size_t put(cpu_store& store, const hashes& names) {
  std::vector<new_chunk> chunks;
  for (const auto name : names)
    chunks.push_back(
      {.hash = name, .bytes = chunk_bytes, .tokens = chunk_tokens});
  auto writer = store.reserve(chunks);
  REQUIRE(writer.size() == names.size());
  fill(writer, chunks);
  return writer.commit();
}

hashes held(cpu_store& store, const hashes& names) {
  hashes result;
  for (const auto name : names) {
    const auto reader = store.borrow({&name, 1});
    if (reader.chunks().empty())
      continue;
    CHECK(is_filled(reader.chunks()[0].bytes, name));
    result.push_back(name);
  }
  return result;
}

memories::memories(std::uint64_t here, std::uint64_t there)
    : ours(network.make_transport(here * chunk_bytes)),
      theirs(network.make_transport(there * chunk_bytes)),
      store(store_over(*ours, &log, now)),
      source(store_over(*theirs, nullptr, now)) {}

peer_fixture::peer_fixture(std::uint64_t ours_chunks,
                           std::uint64_t theirs_chunks)
    : memories(ours_chunks, theirs_chunks) {
  peers.links["there"] = peer;
  set_up(here, *ours, store);
}

peer_fixture::~peer_fixture() {
  ours->stop();
  theirs->stop();
  jobs.clear();
  here.forget_actors();
  peers = {};
  script.forget();
}

void peer_fixture::set_up(rank& of, transport& reads, cpu_store& memory) {
  of.profile.id = {"a", 0};
  of.bytes_per_token = chunk_bytes / chunk_tokens;
  of.set_stores(&memory, nullptr);
  of.transport = &reads;
  of.submit = [this](work_pool::job x) { jobs.push_back(std::move(x)); };
  of.set_dialer(dialer);
}

void peer_fixture::work(std::size_t pieces) {
  for (; pieces > 0 && !jobs.empty(); --pieces) {
    jobs.front()();
    jobs.pop_front();  // What it held is let go.
    system.run();
  }
}

void peer_fixture::settle() {
  std::size_t steps = 0;
  do {
    work();
    steps = network.run_all();
    system.run();
  } while (steps > 0 || !jobs.empty());
}

}  // namespace kvc::test
