#include "actors/index/kv_index.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint64_t key_span = 4000;
constexpr std::uint64_t stable_keys = 64;

/// One thread admits 0, 1, 2, ... to slot 0 and evicts them far behind; slot 1
/// holds `stable_keys` all the time while it is synchronised over and over.
struct contested_index {
  kv_index index{{}};
  std::atomic<std::uint64_t> admitting{0};  ///< None at or above was admitted.
  std::atomic<std::uint64_t> admitted{0};   ///< All below were admitted.
  std::atomic<std::uint64_t> evicting{0};   ///< None at or above was evicted.
  std::atomic<std::uint64_t> evicted{0};    ///< All below were evicted.
  std::atomic<bool> is_done{false};

  void write() {
    const auto moving = index.open_generation(0, 1);
    auto stable = index.open_generation(1, 2);
    keys all_stable;
    for (std::uint64_t i = 0; i < stable_keys; ++i)
      all_stable.push_back(~i);
    admit(index, stable, all_stable);
    ready = true;
    for (std::uint64_t i = 0; i < 60 * key_span; i += 8) {
      keys batch;
      for (auto key = i; key < i + 8; ++key)
        batch.push_back(key);
      admitting = i + 8;
      admit(index, moving, batch);
      admitted = i + 8;
      if (i >= key_span) {
        evicting = i - key_span + 8;
        for (auto& key : batch)
          key -= key_span;
        evict(index, moving, batch);
        evicted = i - key_span + 8;
      }
      index.sweep(64);
      if (i % 800 == 0) {
        const auto newer = index.open_generation(1, 2);
        admit(index, newer, all_stable);
        index.complete_generation(newer);
        index.close_generation(stable);
        stable = newer;
      }
    }
    is_done = true;
  }

  /// Returns how many answers were impossible.
  std::uint64_t read() {
    while (!ready)
      std::this_thread::yield();
    std::uint64_t wrong = 0;
    found_holders found;
    while (!is_done) {
      const auto present_to = admitted.load();
      const auto gone_to = evicted.load();
      const auto wanted = questions(present_to, gone_to);
      index.find(wanted, keys{1, 2}, found);
      const auto absent_from = admitting.load();
      const auto leaving_to = evicting.load();
      for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto key = wanted[i];
        const auto holders = found.of(i).size();
        const auto least =
          is_stable(key) || (key >= leaving_to && key < present_to);
        const auto most = is_stable(key)                        ? 2U
                          : key < gone_to || key >= absent_from ? 0U
                                                                : 1U;
        if (holders < (least ? 1U : 0U) || holders > most)
          ++wrong;
      }
    }
    return wrong;
  }

  static bool is_stable(std::uint64_t key) { return key > ~stable_keys; }

  /// Keys around both ends of what is present, and the stable ones.
  static keys questions(std::uint64_t present_to, std::uint64_t gone_to) {
    keys result;
    for (std::uint64_t i = 0; i < 32; ++i) {
      result.push_back(std::max(present_to, std::uint64_t{16}) - 16 + i);
      result.push_back(std::max(gone_to, std::uint64_t{16}) - 16 + i);
    }
    for (std::uint64_t i = 0; i < stable_keys; ++i)
      result.push_back(~i);
    return result;
  }

  std::atomic<bool> ready{false};
};

}  // namespace

TEST_SUITE("kv_index beside readers") {
  TEST_CASE("answers within the window that the writer allows") {
    contested_index shared;
    std::uint64_t wrong_first = 1;
    std::uint64_t wrong_second = 1;
    std::thread first{[&] { wrong_first = shared.read(); }};
    std::thread second{[&] { wrong_second = shared.read(); }};
    shared.write();
    first.join();
    second.join();
    CHECK(wrong_first == 0);
    CHECK(wrong_second == 0);
  }
}
