#include "tests/unit/store/naive_disk.hpp"

#include <array>

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

namespace {

struct model_fixture : disk_store_fixture {
  naive_disk model;
  std::mt19937 random{20'231'127};

  model_fixture() {
    options.capacity_bytes = 20 * file_bytes + 123;
    options.directory = directory.path() / "model";
    reopen();
    model.capacity = options.capacity_bytes;
    model.max_waiting = options.max_queue_bytes / raw_bytes;
  }

  /// A piece of one of 12 prompts; those of the second half do not compress.
  hashes draw() {
    const auto prompt = random() % 12;
    const auto first = (prompt < 6 ? 0 : first_noise) + prompt * 10 + 1;
    hashes result;
    for (std::uint64_t i = random() % 3; i < 1 + random() % 6; ++i)
      result.push_back(first + i);
    return result;
  }

  /// Changes the last byte of a chunk's file, which does not become younger.
  void damage_one() {
    const auto all = files();
    if (all.empty())
      return;
    const auto& file = all[random() % all.size()];
    const auto hash =
      std::stoull(file.filename().string().substr(0, 16), nullptr, 16);
    model.held[hash].is_damaged = true;
    const auto written = std::filesystem::last_write_time(file);
    auto content = bytes_in(file);
    content.back() ^= std::byte{0x10};
    put_bytes(file, content);
    std::filesystem::last_write_time(file, written);
  }

  void read_one() {
    const auto hash = draw_one();
    REQUIRE(has(hash) == model.read(hash));
  }

  std::uint64_t draw_one() {
    const auto names = draw();
    return names.empty() ? 1 : names[0];
  }

  void recode_one() {
    const auto hash = draw_one();
    const auto target =
      std::array{codec_id::none, codec_id::zstd, codec_id::lz4}[random() % 3];
    REQUIRE(store->recode(hash, target).outcome == model.recode(hash, target));
  }

  void pin_some() {
    const auto names = draw();
    const auto until = now + std::chrono::seconds{random() % 10};
    REQUIRE(outcomes_of(store->pin(names, until)) == model.pin(names, until));
  }

  void step() {
    const auto dice = random() % 200;
    const auto names = draw();
    if (dice < 60)
      REQUIRE(offer(names) == model.offer(names));
    else if (dice < 130)
      REQUIRE(store->write_next() == model.write_next());
    else if (dice < 150)
      read_one();
    else if (dice < 170)
      recode_one();
    else if (dice < 178)
      REQUIRE(outcomes_of(store->clear(names)) == model.clear(names));
    else if (dice < 186)
      pin_some();
    else if (dice < 190)
      REQUIRE(outcomes_of(store->unpin(names)) == model.unpin(names));
    else if (dice < 196)
      model.now = now += std::chrono::seconds{1};
    else if (dice < 198)
      damage_one();
    else
      reopen_both();
  }

  void reopen_both() {
    reopen();
    model.reopen();
    std::set<std::uint64_t> held;
    for (const auto& [hash, x] : model.held)
      held.insert(hash);
    REQUIRE(scan_all(*store) == held);
  }
};

}  // namespace

TEST_SUITE("disk_store model") {
  TEST_CASE_FIXTURE(model_fixture,
                    "agrees with a naive store for 20,000 steps") {
    std::size_t evictions = 0;
    for (int i = 0; i < 20'000; ++i) {
      CAPTURE(i);
      step();
      const auto found = log.take();
      REQUIRE(found == std::exchange(model.changes, {}));
      for (const auto& [is_admitted, hash] : found)
        evictions += is_admitted ? 0 : 1;
      const auto usage = store->usage();
      REQUIRE(usage.chunks == model.held.size());
      REQUIRE(usage.used_bytes == model.used());
      REQUIRE(store->state().queued_chunks == model.waiting.size());
      if (i % 100 == 0) {
        REQUIRE(store->check() == "");
        model.expire();
        REQUIRE(files().size() == model.held.size());
      }
    }
    CHECK(evictions > 2000);
    CHECK(store->state().failed_writes == 0);
  }
}
