#include "actors/index/kv_index.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

using namespace kvc;
using namespace kvc::test;

namespace {

/// The multiplicative inverse of an odd number modulo 2^64.
constexpr std::uint64_t inverse_of(std::uint64_t odd) {
  auto result = odd;
  for (int i = 0; i < 6; ++i)
    result *= 2 - odd * result;
  return result;
}

/// Returns a key that the index, with its default multiplier, would like to
/// put into bucket `home` of the first segment of its first group, however
/// often that splits: the inverse of what the index computes.
std::uint64_t key_for(std::uint64_t home, std::uint64_t variant) {
  constexpr std::uint64_t mixer = 0x9e3779b97f4a7c15U;
  const auto mixed = ((home << 16U) | variant) * inverse_of(mixer);
  const auto product = mixed ^ (mixed >> 32U);
  return product * inverse_of(kv_index_options{}.key_multiplier);
}

/// What kv_index promises, written so that it is plainly right.
struct naive_index {
  struct generation {
    std::uint32_t slot = 0;
    std::uint64_t epoch = 0;
    bool is_complete = false;
    std::set<std::pair<std::uint64_t, location>> members;
  };

  std::map<kv_index::generation_id, generation> open;

  holder_set find(std::uint64_t key, const keys& live) const {
    holder_set result;
    for (const auto& [id, g] : open) {
      if (live[g.slot] != g.epoch)
        continue;
      for (const auto where : {location::cpu, location::disk}) {
        if (g.members.contains({key, where}))
          result.emplace_back(g.slot, where == location::disk);
      }
    }
    std::sort(result.begin(), result.end());
    return result;
  }

  std::vector<key_count> counts(const keys& live) const {
    std::vector<key_count> result(live.size());
    for (std::uint32_t slot = 0; slot < live.size(); ++slot) {
      const generation* best = nullptr;
      for (const auto& [id, g] : open) {
        if (g.slot == slot && g.epoch == live[slot] &&
            (best == nullptr || g.is_complete))
          best = &g;
      }
      if (best == nullptr)
        continue;
      for (const auto& [key, where] : best->members)
        ++result[slot][static_cast<std::size_t>(where)];
    }
    return result;
  }
};

/// Drives both indexes with the same random changes.
class random_walk {
 public:
  random_walk(std::uint64_t seed, keys universe)
      : random_(seed), universe_(std::move(universe)) {
    for (std::uint32_t slot = 0; slot < slots; ++slot)
      renew_epoch(slot);
  }

  void step() {
    const auto dice = below(100);
    const auto slot = static_cast<std::uint32_t>(below(slots));
    if (dice < 70)
      change(slot);
    else if (dice < 90)
      index_.sweep(1 + below(64));
    else if (dice < 92)
      begin_sync(slot);
    else if (dice < 94)
      end_sync(slot);
    else if (dice < 95)
      renew_epoch(slot);
    else
      compare_some();
  }

  void compare_all() {
    const auto found = find_each(index_, universe_, live_);
    for (std::size_t i = 0; i < universe_.size(); ++i)
      REQUIRE(found[i] == naive_.find(universe_[i], live_));
    REQUIRE(count_keys(index_, live_) == naive_.counts(live_));
    sweep_all(index_, 100);
    std::uint64_t members = 0;
    for (const auto& [id, g] : naive_.open)
      members += g.members.size();
    REQUIRE(status_of(index_, live_).memberships == members);
    REQUIRE(find_each(index_, universe_, live_) == found);
  }

  void admit_all(std::uint32_t slot) {
    auto& members = naive_.open[filling_[slot]].members;
    for (const auto key : universe_)
      members.insert({key, location::cpu});
    REQUIRE(admit(index_, filling_[slot], universe_) == 0);
  }

 private:
  static constexpr std::uint32_t slots = 6;

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  std::uint64_t any_key() { return universe_[below(universe_.size())]; }

  void open(std::uint32_t slot) {
    const auto id = index_.open_generation(slot, live_[slot]);
    REQUIRE_FALSE(naive_.open.contains(id));
    naive_.open[id] = {slot, live_[slot], false, {}};
    filling_[slot] = id;
  }

  void close(std::map<std::uint32_t, kv_index::generation_id>& of,
             std::uint32_t slot) {
    if (!of.contains(slot))
      return;
    index_.close_generation(of[slot]);
    naive_.open.erase(of[slot]);
    of.erase(slot);
  }

  void renew_epoch(std::uint32_t slot) {
    close(filling_, slot);
    close(complete_, slot);
    live_[slot] = ++epochs_;
    open(slot);
  }

  void begin_sync(std::uint32_t slot) {
    close(filling_, slot);
    open(slot);
  }

  void end_sync(std::uint32_t slot) {
    if (!filling_.contains(slot))
      return;
    close(complete_, slot);
    index_.complete_generation(filling_[slot]);
    naive_.open[filling_[slot]].is_complete = true;
    complete_[slot] = filling_[slot];
    filling_.erase(slot);
  }

  void change(std::uint32_t slot) {
    const auto id = filling_.contains(slot) ? filling_[slot] : complete_[slot];
    const auto where = below(3) == 0 ? location::disk : location::cpu;
    const auto is_admission = below(100) < 55;
    keys batch;
    for (auto n = 1 + below(12); n > 0; --n)
      batch.push_back(any_key());
    auto& members = naive_.open[id].members;
    for (const auto key : batch) {
      if (is_admission)
        members.insert({key, where});
      else
        members.erase({key, where});
    }
    if (is_admission)
      REQUIRE(admit(index_, id, batch, where) == 0);
    else
      evict(index_, id, batch, where);
  }

  void compare_some() {
    keys some;
    for (int i = 0; i < 20; ++i)
      some.push_back(below(5) == 0 ? random_() : any_key());
    const auto found = find_each(index_, some, live_);
    for (std::size_t i = 0; i < some.size(); ++i)
      REQUIRE(found[i] == naive_.find(some[i], live_));
  }

  std::mt19937_64 random_;
  keys universe_;
  kv_index index_{{}};
  naive_index naive_;
  keys live_ = keys(slots);
  std::uint64_t epochs_ = 0;
  std::map<std::uint32_t, kv_index::generation_id> filling_;
  std::map<std::uint32_t, kv_index::generation_id> complete_;
};

void walk(std::uint64_t seed, const keys& universe, int steps) {
  CAPTURE(seed);
  random_walk both{seed, universe};
  for (int i = 1; i <= steps; ++i) {
    both.step();
    if (i % 2000 == 0)
      both.compare_all();
  }
}

}  // namespace

TEST_SUITE("kv_index against a naive model") {
  TEST_CASE("agrees on scattered keys") {
    std::mt19937_64 random{1};
    keys universe;
    for (int i = 0; i < 3000; ++i)
      universe.push_back(random());
    walk(2, universe, 40'000);
  }

  TEST_CASE("agrees on keys that crowd around a segment's end") {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      keys universe;
      for (std::uint64_t i = 0; i < 240; ++i)
        universe.push_back(key_for((2040 + i % 16) % 2048, i + 1));
      walk(seed, universe, 10'000);
    }
  }

  TEST_CASE("agrees on a few keys with many holders") {
    walk(3, {0, 1, ~0ULL, 1ULL << 63U}, 20'000);
  }

  TEST_CASE("agrees while the table grows") {
    std::mt19937_64 random{7};
    keys universe;
    for (int i = 0; i < 400'000; ++i)
      universe.push_back(random());
    random_walk both{8, universe};
    both.admit_all(0);
    both.admit_all(1);
    both.compare_all();
    for (int i = 0; i < 2000; ++i)
      both.step();
    both.compare_all();
  }

  TEST_CASE("finds keys across a segment's end when others are gone") {
    // Five fit into bucket 2047; the others come to lie in 0 and 1.
    keys crowd;
    for (std::uint64_t i = 0; i < 14; ++i)
      crowd.push_back(key_for(2047, i + 1));
    for (std::size_t gone = 0; gone < crowd.size(); ++gone) {
      kv_index index{{}};
      const auto id = index.open_generation(0, 1);
      admit(index, id, crowd);
      evict(index, id, {crowd[gone]});
      const auto found = find_each(index, crowd, {1});
      CAPTURE(gone);
      for (std::size_t i = 0; i < crowd.size(); ++i)
        CHECK(found[i].size() == (i == gone ? 0U : 1U));
    }
  }

  TEST_CASE("refuses keys aimed at one segment, and stays right") {
    kv_index index{{}};
    const auto id = index.open_generation(0, 1);
    keys aimed;
    for (std::uint64_t i = 0; i < 12'000; ++i)
      aimed.push_back(key_for(i / 6, i % 6 + 1));
    const auto refused = admit(index, id, aimed);
    CHECK(refused == aimed.size() - key_table::segment_cells * 97 / 100);
    const auto found = find_each(index, aimed, {1});
    CHECK(static_cast<std::size_t>(
            std::count_if(found.begin(), found.end(), [](const auto& x) {
              return !x.empty();
            })) == aimed.size() - refused);
    CHECK(status_of(index, {1}).bytes < 20U << 20U);
    evict(index, id, aimed);
    CHECK(status_of(index, {1}).memberships == 0);
    CHECK(admit(index, id, {aimed[0], aimed[11'999]}) == 0);
  }
}
