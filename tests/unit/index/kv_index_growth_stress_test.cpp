#include "actors/index/kv_index.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint32_t ranks = 3;
constexpr std::uint64_t last_key = 400'000;
constexpr std::uint64_t batch_keys = 64;
constexpr std::uint32_t crowd = 1'100;  ///< More than sets are shared for.
constexpr std::uint64_t shared_key = ~0ULL;

/// What a rank did and is doing: keys below `admitted` are in, those at or
/// above `admitting` are not.
struct progress {
  std::atomic<std::uint64_t> admitted{0};
  std::atomic<std::uint64_t> admitting{0};
};

/// The crowd's members come one by one, then leave one by one, over and over.
/// Returns how many are there after so many turns.
std::uint64_t crowd_after(std::uint64_t turns) {
  const auto within = turns % crowd;
  return turns / crowd % 2 == 0 ? within : crowd - within;
}

/// Three ranks admit all keys one after the other, while the table splits; a
/// crowd comes to and leaves one key, while its set grows and shrinks.
struct growing_index {
  kv_index index{{}};
  std::array<progress, ranks> of_rank;
  std::atomic<std::uint64_t> turns_begun{0};
  std::atomic<std::uint64_t> turns_done{0};
  std::atomic<bool> is_done{false};
  keys live;

  growing_index() {
    for (std::uint64_t slot = 0; slot < ranks + crowd; ++slot)
      live.push_back(slot + 1);
  }

  void write() {
    std::vector<kv_index::generation_id> ids;
    for (std::uint32_t slot = 0; slot < ranks + crowd; ++slot)
      ids.push_back(index.open_generation(slot, slot + 1));
    for (std::uint64_t i = 0; i < last_key; i += batch_keys) {
      keys batch;
      for (auto key = i; key < i + batch_keys; ++key)
        batch.push_back(key);
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        of_rank[rank].admitting = i + batch_keys;
        admit(index, ids[rank], batch);
        of_rank[rank].admitted = i + batch_keys;
      }
      move_crowd(ids);
    }
    is_done = true;
  }

  void move_crowd(const std::vector<kv_index::generation_id>& ids) {
    const auto turn = turns_begun++;
    const auto id = ids[ranks + turn % crowd];
    if (turn / crowd % 2 == 0)
      admit(index, id, {shared_key});
    else
      evict(index, id, {shared_key});
    turns_done = turn + 1;
  }

  /// Returns how many answers were impossible.
  std::uint64_t read(std::uint64_t seed) const {
    std::mt19937_64 random{seed};
    std::uint64_t wrong = 0;
    found_holders found;
    while (!is_done) {
      std::array<std::uint64_t, ranks> present_to{};
      for (std::uint32_t rank = 0; rank < ranks; ++rank)
        present_to[rank] = of_rank[rank].admitted;
      const auto newest = present_to[0];
      keys wanted;
      for (std::uint64_t i = 0; i < 40; ++i) {
        wanted.push_back(random() % (newest + 1));
        wanted.push_back(newest + i < 20 ? i : newest + i - 20);
      }
      index.find(wanted, live, found);
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        std::array<std::uint64_t, ranks> times{};
        for (const auto& h : found.of(i)) {
          if (h.worker_slot >= ranks)
            ++wrong;
          else
            ++times[h.worker_slot];
        }
        for (std::uint32_t rank = 0; rank < ranks; ++rank) {
          const std::uint64_t least = wanted[i] < present_to[rank] ? 1 : 0;
          const std::uint64_t most =
            wanted[i] < of_rank[rank].admitting ? 1 : 0;
          wrong += times[rank] < least || times[rank] > most ? 1 : 0;
        }
      }
      wrong += read_crowd(found);
    }
    return wrong;
  }

  std::uint64_t read_crowd(found_holders& found) const {
    const auto from = turns_done.load();
    index.find(keys{shared_key}, live, found);
    const auto to = turns_begun.load();
    for (auto turns = from; turns <= to; ++turns) {
      if (found.holders.size() == crowd_after(turns))
        return 0;
    }
    return 1;
  }
};

}  // namespace

TEST_SUITE("kv_index beside readers") {
  TEST_CASE("answers within the window while it grows and folds") {
    growing_index shared;
    std::uint64_t wrong_first = 1;
    std::uint64_t wrong_second = 1;
    std::thread first{[&] { wrong_first = shared.read(1); }};
    std::thread second{[&] { wrong_second = shared.read(2); }};
    shared.write();
    first.join();
    second.join();
    CHECK(wrong_first == 0);
    CHECK(wrong_second == 0);
    index_status status = status_of(shared.index, shared.live);
    CHECK(status.memberships >= ranks * last_key);
  }
}
