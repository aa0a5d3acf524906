#include "tests/support/disk_store_fixture.hpp"

#include <array>
#include <atomic>
#include <thread>

using namespace kvc;
using namespace kvc::test;

namespace {

/// What one thread does with a store, wild and checked.
struct client {
  disk_store& store;
  std::atomic<std::size_t>& wrong_chunks;
  std::mt19937 random;

  std::uint64_t draw() { return 1 + random() % 30; }

  void read() {
    const auto hash = draw();
    bytes raw(raw_bytes);
    if (store.read(hash, raw) && raw != raw_of(hash))
      ++wrong_chunks;
  }

  void recode() {
    constexpr std::array targets{codec_id::none, codec_id::zstd, codec_id::lz4};
    store.recode(draw(), targets[random() % 3]);
  }

  void run(const std::atomic<bool>& is_over) {
    while (!is_over) {
      const auto dice = random() % 16;
      const auto first = draw();
      if (dice < 6)
        store.offer(kept_of(hashes{first, first + 1}));
      else if (dice < 10)
        read();
      else if (dice < 13)
        recode();
      else if (dice < 15)
        store.clear(hashes{first});
      else
        store.scan(random() % 20, 10);
    }
  }
};

}  // namespace

TEST_SUITE("disk_store threads") {
  TEST_CASE_FIXTURE(disk_store_fixture, "keeps files and reports in step") {
    options.capacity_bytes = 12 * file_bytes;
    reopen();
    std::atomic<std::size_t> wrong_chunks{0};
    std::atomic<bool> is_over{false};
    std::vector<std::thread> threads;
    for (std::uint32_t seed = 0; seed < 3; ++seed)
      threads.emplace_back([&, seed] {
        client{*store, wrong_chunks, std::mt19937{seed}}.run(is_over);
      });
    for (int written = 0; written < 1000;)
      written += store->write_next() ? 1 : 0;
    is_over = true;
    for (auto& thread : threads)
      thread.join();
    write_all(*store);
    CHECK(wrong_chunks == 0);
    CHECK(store->check() == "");
    const auto state = store->state();
    CHECK(state.failed_writes == 0);
    CHECK(state.quarantined == 0);
    CHECK(state.last_error == "");
    CHECK(log.changes.size() > 1000);
    const auto held = log.held();
    CHECK(scan_all(*store) == held);
    CHECK(files().size() == held.size());
    for (const auto hash : held)
      CHECK(has(hash));
    store->clear(hashes(held.begin(), held.end()));
    CHECK(store->usage().used_bytes == 0);
    CHECK(files().empty());
  }
}
