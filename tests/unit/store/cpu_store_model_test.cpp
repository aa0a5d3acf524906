#include "actors/store/cpu_store.hpp"

#include "tests/support/store_support.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <random>
#include <set>

using namespace kvc;
using kvc::test::change_recorder;

namespace {

using hashes = std::vector<std::uint64_t>;

/// The store's rules in the plainest way. Only where a block goes is left to an
/// arena of its own.
class naive_store {
 public:
  struct held_chunk {
    new_chunk chunk;
    arena::block memory;
    int users = 0;
  };

  struct placed_chunk {
    new_chunk chunk;
    std::optional<arena::block> memory;  ///< None if held already.
  };

  explicit naive_store(std::uint64_t bytes) : memory(test::map_arena(bytes)) {}

  std::vector<placed_chunk> reserve(const std::vector<new_chunk>& chunks) {
    std::for_each(chunks.rbegin(), chunks.rend(), [this](const auto& x) {
      if (held.contains(x.hash) && held[x.hash].users == 0)
        touch(x.hash);
    });
    std::vector<placed_chunk> result;
    for (const auto& chunk : chunks) {
      if (held.contains(chunk.hash)) {
        ++held[chunk.hash].users;
        result.push_back({chunk, std::nullopt});
      } else if (auto block = make_room(chunk.bytes)) {
        result.push_back({chunk, block});
      } else {
        break;
      }
    }
    return result;
  }

  void commit(std::vector<placed_chunk> placed) {
    for (auto& [chunk, block] : placed) {
      if (!block)
        continue;
      if (held.contains(chunk.hash)) {
        memory.release(*block);
        ++held[chunk.hash].users;
        continue;
      }
      held[chunk.hash] = {chunk, *block, 1};
      order.push_front(chunk.hash);
      changes.emplace_back(true, chunk.hash);
    }
    std::for_each(placed.rbegin(), placed.rend(),
                  [this](const auto& x) { let_go(x.chunk.hash); });
  }

  void abandon(const std::vector<placed_chunk>& placed) {
    std::for_each(placed.rbegin(), placed.rend(), [this](const auto& x) {
      if (x.memory)
        memory.release(*x.memory);
      else
        let_go(x.chunk.hash);
    });
  }

  hashes acquire(const hashes& names) {
    hashes result;
    for (const auto name : names) {
      if (!held.contains(name))
        break;
      ++held[name].users;
      result.push_back(name);
    }
    return result;
  }

  void release(const hashes& names) {
    std::for_each(names.rbegin(), names.rend(),
                  [this](auto name) { let_go(name); });
  }

  void evict(const hashes& names) {
    for (const auto name : names)
      if (held.contains(name) && held[name].users == 0)
        drop(name);
  }

  arena memory;
  std::map<std::uint64_t, held_chunk> held;
  std::list<std::uint64_t> order;  ///< All of `held`, the newest first.
  std::vector<change_recorder::change> changes;

 private:
  void touch(std::uint64_t name) {
    order.remove(name);
    order.push_front(name);
  }

  void let_go(std::uint64_t name) {
    if (--held[name].users == 0)
      touch(name);
  }

  void drop(std::uint64_t name) {
    memory.release(held[name].memory);
    order.remove(name);
    held.erase(name);
    changes.emplace_back(false, name);
  }

  std::optional<arena::block> make_room(std::uint64_t bytes) {
    auto available = memory.capacity() - memory.used_bytes();
    for (const auto& [name, x] : held)
      available += x.users == 0 ? arena::rounded(x.chunk.bytes) : 0;
    if (bytes > available)
      return std::nullopt;
    for (;;) {
      if (auto block = memory.allocate(bytes))
        return block;
      const auto victim =
        std::find_if(order.rbegin(), order.rend(),
                     [this](auto name) { return held[name].users == 0; });
      if (victim == order.rend())
        return std::nullopt;
      drop(*victim);
    }
  }
};

struct open_writer {
  chunk_writer real;
  std::vector<naive_store::placed_chunk> model;
  std::vector<new_chunk> chunks;
};

struct open_reader {
  chunk_reader real;
  hashes model;
};

struct model_fixture {
  static constexpr std::uint64_t capacity = 93 * arena::alignment;

  change_recorder log;
  cpu_store store{test::map_arena(capacity), {.listener = &log}};
  naive_store model{capacity};
  std::vector<open_writer> writers;
  std::vector<open_reader> readers;
  std::mt19937 random{20'231'107};

  /// A piece of one of 20 prompts. Its chunks always have the same sizes.
  std::vector<new_chunk> draw() {
    const std::uint64_t first = random() % 20 * 100 + random() % 3;
    std::vector<new_chunk> result;
    for (std::uint64_t i = 0; i < 1 + random() % 8; ++i) {
      const auto hash = first + i;
      const auto bytes = 1 + hash * 37 % 400;
      result.push_back({.hash = hash, .bytes = bytes, .tokens = 1});
    }
    return result;
  }

  static hashes names(const std::vector<new_chunk>& chunks) {
    hashes result;
    for (const auto& x : chunks)
      result.push_back(x.hash);
    return result;
  }

  void open_one_writer() {
    auto chunks = draw();
    auto real = store.reserve(chunks);
    auto placed = model.reserve(chunks);
    REQUIRE(real.size() == placed.size());
    for (std::size_t i = 0; i < placed.size(); ++i)
      REQUIRE(real.room(i).size() == (placed[i].memory ? chunks[i].bytes : 0));
    test::fill(real, chunks);
    writers.push_back({std::move(real), std::move(placed), std::move(chunks)});
  }

  void close_one_writer() {
    std::vector<open_writer> last;
    last.push_back(std::move(writers.back()));
    writers.pop_back();
    if (random() % 4 == 0) {
      model.abandon(last[0].model);
      return;
    }
    const auto before = model.held.size();
    model.commit(last[0].model);
    REQUIRE(last[0].real.commit() == model.held.size() - before);
  }

  void open_one_reader() {
    const auto wanted = names(draw());
    auto real = store.acquire(wanted);
    auto held = model.acquire(wanted);
    REQUIRE(real.chunks().size() == held.size());
    readers.push_back({std::move(real), std::move(held)});
  }

  void close_one_reader() {
    for (std::size_t i = 0; i < readers.back().model.size(); ++i)
      REQUIRE(test::is_filled(readers.back().real.chunks()[i].bytes,
                              readers.back().model[i]));
    model.release(readers.back().model);
    readers.pop_back();
  }

  void step() {
    const auto dice = random() % 20;
    if (dice < 8 && writers.size() < 3)
      open_one_writer();
    else if (dice < 8 || (dice < 11 && !writers.empty()))
      close_one_writer();
    else if (dice < 15 && readers.size() < 4)
      open_one_reader();
    else if (dice < 19 && !readers.empty())
      close_one_reader();
    else if (dice == 19)
      evict_some();
  }

  void evict_some() {
    const auto unwanted = names(draw());
    const auto before = model.held.size();
    model.evict(unwanted);
    REQUIRE(test::evict(store, unwanted) == before - model.held.size());
  }
};

}  // namespace

TEST_SUITE("cpu_store model") {
  TEST_CASE_FIXTURE(model_fixture,
                    "agrees with a naive store for 20,000 steps") {
    std::size_t evictions = 0;
    for (int i = 0; i < 20'000; ++i) {
      step();
      const auto changes = log.take();
      REQUIRE(changes == std::exchange(model.changes, {}));
      for (const auto& [is_admitted, hash] : changes)
        evictions += is_admitted ? 0 : 1;
      const auto usage = store.usage();
      REQUIRE(usage.chunks == model.held.size());
      REQUIRE(usage.used_bytes == model.memory.used_bytes());
      if (i % 100 == 0)
        REQUIRE(store.check() == "");
    }
    CHECK(evictions > 5000);
  }

  TEST_CASE_FIXTURE(model_fixture, "scans what stays exactly once") {
    std::size_t lasting_chunks = 0;
    for (int round = 0; round < 300; ++round) {
      for (int i = 0; i < 10; ++i)
        step();
      std::set<std::uint64_t> lasting;
      for (const auto& [name, x] : model.held)
        lasting.insert(name);
      log.take();
      std::map<std::uint64_t, int> found;
      for (std::uint64_t cursor = 0;;) {
        const auto scanned = store.scan(cursor, 1 + random() % 5);
        for (const auto hash : scanned.hashes)
          ++found[hash];
        cursor = scanned.next_cursor;
        if (cursor == 0)
          break;
        step();
      }
      for (const auto& [is_admitted, hash] : log.take())
        if (!is_admitted)
          lasting.erase(hash);
      for (const auto name : lasting)
        REQUIRE(found[name] == 1);
      lasting_chunks += lasting.size();
    }
    CHECK(lasting_chunks > 1000);
  }
}
