#include "actors/store/cpu_store.hpp"

#include "tests/support/store_support.hpp"

#include <atomic>
#include <random>
#include <thread>

using namespace kvc;

namespace {

using hashes = std::vector<std::uint64_t>;

/// What one thread of inference code does, wild and checked.
struct client {
  cpu_store& store;
  std::atomic<std::size_t>& wrong_chunks;
  std::mt19937 random;

  hashes draw() {
    hashes result;
    const std::uint64_t first = random() % 12 * 20;
    for (std::uint64_t i = 0; i < 1 + random() % 10; ++i)
      result.push_back(first + i);
    return result;
  }

  void write() {
    std::vector<new_chunk> chunks;
    for (const auto name : draw())
      chunks.push_back({.hash = name, .bytes = 100 + name, .tokens = 1});
    auto writer = store.reserve(chunks);
    test::fill(writer, chunks);
    if (random() % 8 != 0)
      writer.commit();
  }

  void read() {
    const auto names = draw();
    const auto reader = store.acquire(names);
    for (std::size_t i = 0; i < reader.chunks().size(); ++i)
      if (!test::is_filled(reader.chunks()[i].bytes, names[i]))
        ++wrong_chunks;
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      const auto dice = random() % 16;
      if (dice < 8)
        write();
      else if (dice < 14)
        read();
      else if (dice == 14)
        test::evict(store, draw());
      else
        store.scan(random() % 50, 10);
    }
  }
};

}  // namespace

TEST_SUITE("cpu_store threads") {
  TEST_CASE("keeps bytes and reports right under four threads") {
    test::change_recorder log;
    cpu_store store{test::map_arena(10'000), {.listener = &log}};
    std::atomic<std::size_t> wrong_chunks{0};
    std::vector<std::thread> threads;
    for (std::uint32_t seed = 0; seed < 4; ++seed)
      threads.emplace_back([&, seed] {
        client{store, wrong_chunks, std::mt19937{seed}}.run(5000);
      });
    for (auto& thread : threads)
      thread.join();
    CHECK(wrong_chunks == 0);
    CHECK(store.check() == "");
    const auto held = log.held();
    CHECK(store.usage().chunks == held.size());
    const auto scanned = store.scan(0, 1000).hashes;
    CHECK(std::set(scanned.begin(), scanned.end()) == held);
    CHECK(log.changes.size() > 5000);
    CHECK(test::evict(store, scanned) == held.size());
    CHECK(store.usage().used_bytes == 0);
  }
}
