#include "actors/peers/fetch_plan.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace kvc;

namespace {

struct plan_fixture {
  std::vector<chunk_holder> holders;
  std::map<std::string, std::size_t> loads;  ///< By instance.

  void add(const std::string& name, std::uint32_t chunks,
           const std::string& host = "far") {
    holders.push_back({{.id = {name, 0}, .host = host}, chunks});
  }

  /// Returns "name begin-end" for each share.
  std::vector<std::string> plan(std::size_t count) {
    const auto shares = plan_fetch(
      holders, count, [this](const worker_id& x) { return loads[x.instance]; },
      "here");
    std::vector<std::string> result;
    result.reserve(shares.size());
    for (const auto& x : shares)
      result.push_back(x.peer.id.instance + ' ' + std::to_string(x.begin) +
                       '-' + std::to_string(x.end));
    return result;
  }
};

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("fetch_plan") {
  TEST_CASE_FIXTURE(plan_fixture, "asks nobody if nobody has it") {
    CHECK(plan(5).empty());
    add("a", 5);
    CHECK(plan(0).empty());
  }

  TEST_CASE_FIXTURE(plan_fixture, "asks for no more than is wanted") {
    add("a", 9);
    CHECK(plan(5) == texts{"a 0-5"});
    CHECK(plan(99) == texts{"a 0-9"});
  }

  TEST_CASE_FIXTURE(plan_fixture, "prefers the longest prefix") {
    add("a", 3);
    add("b", 6, "far");
    add("c", 3, "here");
    loads["b"] = 99;
    CHECK(plan(7) == texts{"b 0-6"});
  }

  TEST_CASE_FIXTURE(plan_fixture, "then the least loaded peer") {
    add("a", 7, "here");
    add("b", 9);
    loads["a"] = 2;
    loads["b"] = 1;
    CHECK(plan(7) == texts{"b 0-7"});
    loads["b"] = 3;
    CHECK(plan(7) == texts{"a 0-7"});
  }

  TEST_CASE_FIXTURE(plan_fixture,
                    "then a peer of the same host, then by name") {
    add("b", 7);
    add("a", 7);
    add("c", 7, "here");
    CHECK(plan(7) == texts{"c 0-7"});
    holders.pop_back();
    CHECK(plan(7) == texts{"a 0-7"});
  }

  TEST_CASE_FIXTURE(plan_fixture, "divides among several what is worth it") {
    add("a", 99);
    add("b", 99);
    CHECK(plan(15) == texts{"a 0-15"});
    CHECK(plan(16) == texts{"a 0-8", "b 8-16"});
    CHECK(plan(41) == texts{"a 0-20", "b 20-41"});
    add("c", 99);
    CHECK(plan(17) == texts{"a 0-8", "b 8-17"});
    CHECK(plan(90) == texts{"a 0-30", "b 30-60", "c 60-90"});
  }

  TEST_CASE_FIXTURE(plan_fixture, "divides among four at most") {
    for (const auto* name : {"a", "b", "c", "d", "e"})
      add(name, 80);
    loads["a"] = 1;
    CHECK(plan(80) == texts{"b 0-20", "c 20-40", "d 40-60", "e 60-80"});
  }

  TEST_CASE_FIXTURE(plan_fixture, "leaves the tail to who has it") {
    add("a", 16);
    add("b", 48);
    CHECK(plan(48) == texts{"b 0-8", "a 8-16", "b 16-48"});
    add("c", 32);
    CHECK(plan(99) ==
          texts{"b 0-8", "c 8-16", "b 16-24", "c 24-32", "b 32-48"});
  }

  TEST_CASE_FIXTURE(plan_fixture, "asks one peer once for what is one piece") {
    add("a", 4);
    add("b", 40);
    CHECK(plan(40) == texts{"b 0-40"});
  }

  TEST_CASE_FIXTURE(plan_fixture, "covers what the longest has, each once") {
    for (std::uint32_t seed = 0; seed < 500; ++seed) {
      holders.clear();
      std::size_t longest = 0;
      for (std::uint32_t i = 0; i <= seed % 6; ++i) {
        const auto chunks = 1 + (seed * 2654435761U >> (2 * i)) % 70;
        add(std::string(1, static_cast<char>('a' + i)), chunks);
        longest = std::max<std::size_t>(longest, chunks);
      }
      const std::size_t count = 1 + seed % 80;
      std::size_t end = 0;
      for (const auto& x : plan_fetch(
             holders, count, [](const worker_id&) { return 0; }, "here")) {
        CHECK(x.begin == end);
        CHECK(x.end > x.begin);
        for (const auto& holder : holders)
          if (holder.peer == x.peer)
            CHECK(holder.chunks >= x.end);
        end = x.end;
      }
      CHECK(end == std::min(longest, count));
    }
  }
}
