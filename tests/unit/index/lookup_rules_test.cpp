#include "tests/unit/index/lookup_scene.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

using keys = lookup_scene::keys;
using matches = lookup_scene::matches;

constexpr auto cpu = location::cpu;
constexpr auto disk = location::disk;

/// Chunk hashes as they come: scattered over all 64 bits.
keys prompt(std::uint64_t seed, std::size_t chunks) {
  keys result;
  auto hash = seed;
  for (std::size_t i = 0; i < chunks; ++i) {
    hash = (hash ^ (hash >> 29U)) * 0xbf58476d1ce4e5b9U + 0x94d049bb133111ebU;
    result.push_back(hash);
  }
  return result;
}

keys first(const keys& all, std::size_t count) {
  return {all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)};
}

keys from(const keys& all, std::size_t position) {
  return {all.begin() + static_cast<std::ptrdiff_t>(position), all.end()};
}

}  // namespace

TEST_SUITE("lookup_source") {
  TEST_CASE("answers nothing without workers or without chunks") {
    for_each_source([](lookup_scene& scene) {
      CHECK(scene.find({1, 2}).empty());
      scene.admit(scene.add_worker("a", 1), {1});
      CHECK(scene.find({}).empty());
      CHECK(scene.find({2}).empty());
    });
  }

  TEST_CASE("lists every holder with its own prefix, longest first") {
    for_each_source([](lookup_scene& scene) {
      const auto all = prompt(1, 10);
      scene.admit(scene.add_worker("short", 1), first(all, 2));
      scene.admit(scene.add_worker("long", 1), all);
      scene.admit(scene.add_worker("middle", 1), first(all, 7));
      scene.add_worker("none", 1);
      CHECK(scene.find(all) ==
            matches{{"long", cpu, 10}, {"middle", cpu, 7}, {"short", cpu, 2}});
      CHECK(scene.find(first(all, 5)) ==
            matches{{"long", cpu, 5}, {"middle", cpu, 5}, {"short", cpu, 2}});
    });
  }

  TEST_CASE("orders equal prefixes by name, whoever came first") {
    for_each_source([](lookup_scene& scene) {
      for (const auto* name : {"c", "a10", "b", "a9", "B"})
        scene.admit(scene.add_worker(name, 1), {1, 2});
      CHECK(scene.find({1, 2}) == matches{{"B", cpu, 2},
                                          {"a10", cpu, 2},
                                          {"a9", cpu, 2},
                                          {"b", cpu, 2},
                                          {"c", cpu, 2}});
    });
  }

  TEST_CASE("ends a prefix at its first gap") {
    for_each_source([](lookup_scene& scene) {
      const auto all = prompt(2, 6);
      const auto holder = scene.add_worker("a", 1);
      scene.admit(holder, all);
      scene.evict(holder, {all[3]});
      CHECK(scene.find(all) == matches{{"a", cpu, 3}});
      scene.admit(holder, {all[3]});
      CHECK(scene.find(all) == matches{{"a", cpu, 6}});
    });
  }

  TEST_CASE("never lists who holds a later part alone") {
    for_each_source([](lookup_scene& scene) {
      const auto all = prompt(3, 40);
      scene.admit(scene.add_worker("suffix", 1), from(all, 1));
      CHECK(scene.find(all).empty());
      scene.admit(scene.add_worker("prefix", 1), first(all, 1));
      CHECK(scene.find(all) == matches{{"prefix", cpu, 1}});
      CHECK(scene.find(from(all, 1)) == matches{{"suffix", cpu, 39}});
    });
  }

  TEST_CASE("counts a chunk only while all ranks hold it") {
    for_each_source([](lookup_scene& scene) {
      const auto all = prompt(4, 5);
      const auto rank0 = scene.add_worker("a", 2);
      const auto rank1 = scene.add_worker("a", 2);
      scene.admit(rank0, all);
      CHECK(scene.find(all).empty());
      scene.admit(rank1, first(all, 3));
      CHECK(scene.find(all) == matches{{"a", cpu, 3}});
      scene.evict(rank0, {all[1]});
      CHECK(scene.find(all) == matches{{"a", cpu, 1}});
      scene.evict(rank1, {all[0]});
      CHECK(scene.find(all).empty());
    });
  }

  TEST_CASE("does not take one instance's ranks for another's") {
    for_each_source([](lookup_scene& scene) {
      const auto a0 = scene.add_worker("a", 2);
      const auto b0 = scene.add_worker("b", 2);
      const auto a1 = scene.add_worker("a", 2);
      const auto b1 = scene.add_worker("b", 2);
      scene.admit(a0, {1, 2});
      scene.admit(b0, {1, 2});
      scene.admit(b1, {1});
      CHECK(scene.find({1, 2}) == matches{{"b", cpu, 1}});
      scene.admit(a1, {1, 2});
      CHECK(scene.find({1, 2}) == matches{{"a", cpu, 2}, {"b", cpu, 1}});
    });
  }

  TEST_CASE("lists an instance only while all its ranks are registered") {
    for_each_source([](lookup_scene& scene) {
      const auto rank0 = scene.add_worker("a", 2);
      scene.admit(rank0, {1, 2});
      CHECK(scene.find({1}).empty());
      const auto rank1 = scene.add_worker("a", 2);
      scene.admit(rank1, {1, 2});
      CHECK(scene.find({1, 2}) == matches{{"a", cpu, 2}});
      scene.set_live(rank1, false);
      CHECK(scene.find({1, 2}).empty());
      scene.set_live(rank1, true);
      CHECK(scene.find({1, 2}) == matches{{"a", cpu, 2}});
      scene.restart(rank1);
      CHECK(scene.find({1, 2}).empty());
    });
  }

  TEST_CASE("names the location where all ranks hold the last chunk") {
    for_each_source([](lookup_scene& scene) {
      const auto rank0 = scene.add_worker("a", 2);
      const auto rank1 = scene.add_worker("a", 2);
      scene.admit(rank0, {1, 2, 3}, cpu);
      scene.admit(rank1, {1}, disk);
      scene.admit(rank1, {2}, cpu);
      scene.admit(rank1, {3}, disk);
      CHECK(scene.find({1}) == matches{{"a", disk, 1}});
      CHECK(scene.find({1, 2}) == matches{{"a", cpu, 2}});
      CHECK(scene.find({1, 2, 3}) == matches{{"a", disk, 3}});
      scene.admit(rank1, {3}, cpu);  // Both locations now.
      CHECK(scene.find({1, 2, 3}) == matches{{"a", cpu, 3}});
      scene.evict(rank0, {3}, cpu);
      CHECK(scene.find({1, 2, 3}) == matches{{"a", cpu, 2}});
    });
  }

  TEST_CASE("counts a rank once, whatever it holds a chunk twice in") {
    for_each_source([](lookup_scene& scene) {
      const auto rank0 = scene.add_worker("a", 2);
      const auto rank1 = scene.add_worker("a", 2);
      scene.admit(rank0, {1}, cpu);
      scene.admit(rank0, {1}, disk);
      CHECK(scene.find({1}).empty());
      scene.begin_sync(rank0);
      scene.admit(rank0, {1}, cpu);
      CHECK(scene.find({1}).empty());
      scene.admit(rank1, {1}, disk);  // Two in cpu, but of one rank.
      CHECK(scene.find({1}) == matches{{"a", disk, 1}});
      scene.end_sync(rank0);
      CHECK(scene.find({1}) == matches{{"a", disk, 1}});
    });
  }

  TEST_CASE("shows the old state during a sync, the new one behind it") {
    for_each_source([](lookup_scene& scene) {
      const auto holder = scene.add_worker("a", 1);
      scene.admit(holder, {1, 2, 3});
      scene.begin_sync(holder);
      scene.admit(holder, {1, 2, 4});
      CHECK(scene.find({1, 2, 3}) == matches{{"a", cpu, 3}});
      scene.end_sync(holder);
      CHECK(scene.find({1, 2, 3}) == matches{{"a", cpu, 2}});
      CHECK(scene.find({1, 2, 4}) == matches{{"a", cpu, 3}});
    });
  }

  TEST_CASE("keeps models apart that name their chunks alike") {
    for_each_source([](lookup_scene& scene) {
      scene.admit(scene.add_worker("a", 1, "llama"), {1, 2});
      scene.admit(scene.add_worker("b", 1, "qwen"), {1});
      scene.admit(scene.add_worker("c", 1), {1, 2});
      CHECK(scene.find({1, 2}, "llama") == matches{{"a", cpu, 2}});
      CHECK(scene.find({1, 2}, "qwen") == matches{{"b", cpu, 1}});
      CHECK(scene.find({1, 2}) == matches{{"c", cpu, 2}});
      CHECK(scene.find({1, 2}, "llam").empty());
    });
  }

  TEST_CASE("follows a prefix over any number of chunks") {
    for_each_source([](lookup_scene& scene) {
      const auto all = prompt(5, 3000);
      const auto whole = scene.add_worker("whole", 1);
      const auto part = scene.add_worker("part", 1);
      scene.admit(whole, all);
      for (const std::size_t length : {15U, 16U, 17U, 79U, 80U, 81U, 335U, 336U,
                                       337U, 847U, 848U, 849U, 1361U, 2999U}) {
        scene.admit(part, first(all, length));
        CHECK(scene.find(all) ==
              matches{{"whole", cpu, 3000},
                      {"part", cpu, static_cast<std::uint32_t>(length)}});
      }
      scene.evict(whole, {all[600]});
      CHECK(scene.find(all) ==
            matches{{"part", cpu, 2999}, {"whole", cpu, 600}});
    });
  }

  TEST_CASE("carries nothing over from one lookup to the next") {
    for_each_source([](lookup_scene& scene) {
      const auto a = scene.add_worker("a", 2);
      const auto b = scene.add_worker("a", 2);
      scene.admit(a, {1, 2});
      scene.admit(b, {1, 3});
      CHECK(scene.find({1, 2}) == matches{{"a", cpu, 1}});
      CHECK(scene.find({2}).empty());
      CHECK(scene.find({3}).empty());
      scene.admit(scene.add_worker("0", 1), {3});  // Shifts all positions.
      CHECK(scene.find({3}) == matches{{"0", cpu, 1}});
      CHECK(scene.find({1}) == matches{{"a", cpu, 1}});
    });
  }

  TEST_CASE("remembers the beginning of a prompt only while it is the same") {
    for_each_source([](lookup_scene& scene) {
      const auto all = prompt(6, 4);
      const auto b = scene.add_worker("b", 1, "llama");
      const auto d = scene.add_worker("d", 1, "llama");
      scene.admit(b, all);
      scene.admit(d, first(all, 2));
      const matches both{{"b", cpu, 4}, {"d", cpu, 2}};
      CHECK(scene.find(all, "llama") == both);
      CHECK(scene.find(all, "llama") == both);
      CHECK(scene.find(all).empty());
      CHECK(scene.find(all, "llama") == both);
      // They have other numbers in the fleet from now on.
      scene.add_worker("a", 1, "llama");
      scene.add_worker("c", 1, "llama");
      CHECK(scene.find(all, "llama") == both);
      const auto other = prompt(7, 4);
      scene.admit(d, other, disk);
      CHECK(scene.find(other, "llama") == matches{{"d", disk, 4}});
      CHECK(scene.find(all, "llama") == both);
      CHECK(scene.find(first(all, 1), "llama") ==
            matches{{"b", cpu, 1}, {"d", cpu, 1}});
    });
  }

  TEST_CASE("tells which instances lack ranks") {
    for_each_source([](lookup_scene& scene) {
      const auto a = scene.add_worker("a", 2);
      scene.add_worker("b", 1);
      scene.add_worker("c", 3);
      scene.add_worker("d", 2, "llama");
      const auto names = [&](std::string_view model, std::size_t limit) {
        std::string result;
        for (const auto& x : scene.source().incomplete(model, limit))
          result += x.name + std::to_string(x.live_ranks) + '/' +
                    std::to_string(x.rank_count) + ' ';
        return result;
      };
      CHECK(names("", 3) == "a1/2 c1/3 ");
      CHECK(names("", 1) == "a1/2 ");
      CHECK(names("llama", 3) == "d1/2 ");
      CHECK(scene.source().status().missing_ranks == 4);
      scene.add_worker("a", 2);
      CHECK(names("", 3) == "c1/3 ");
      scene.set_live(a, false);
      CHECK(names("", 3) == "a1/2 c1/3 ");
    });
  }

  TEST_CASE("adds up keys and status over its shards") {
    for_each_source([](lookup_scene& scene) {
      const auto all = prompt(6, 200);
      const auto a = scene.add_worker("a", 1);
      const auto b = scene.add_worker("b", 1);
      scene.admit(a, all);
      scene.admit(a, first(all, 30), disk);
      scene.admit(b, first(all, 7));
      const auto shards = static_cast<std::uint32_t>(scene.shard_count());
      CHECK(scene.source().key_counts() ==
            std::vector<key_count>{{200, 30}, {7, 0}});
      CHECK(scene.source().status().memberships == 237);
      CHECK(scene.source().status().shards == shards);
      CHECK(scene.source().status().streams == 2 * shards);
      CHECK(scene.source().status().syncing_streams == 0);
      scene.begin_sync(b);
      scene.set_live(a, false);
      CHECK(scene.source().key_counts() ==
            std::vector<key_count>{{0, 0}, {7, 0}});
      CHECK(scene.source().status().streams == shards);
      CHECK(scene.source().status().syncing_streams == shards);
    });
  }
}
