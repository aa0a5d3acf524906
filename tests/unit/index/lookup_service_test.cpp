#include "actors/index/lookup_service.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/prefix_matches.hpp"

#include <doctest/doctest.h>
#include <caf/typed_event_based_actor.hpp>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Answers what the test says and remembers what it was asked.
struct fixed_source : lookup_source {
  std::vector<prefix_match> matches;
  std::vector<std::uint64_t> asked_hashes;
  std::string asked_model;

  prefix_matches find_prefixes(std::span<const std::uint64_t> hashes,
                               std::string_view model) override {
    asked_hashes.assign(hashes.begin(), hashes.end());
    asked_model = model;
    return view_of(matches);
  }
  std::vector<key_count> key_counts() override { return {}; }
  std::vector<incomplete_instance> incomplete(std::string_view,
                                              std::size_t) override {
    return {};
  }
  index_status status() override { return {}; }
};

struct service_fixture {
  std::shared_ptr<fixed_source> source = std::make_shared<fixed_source>();
  std::shared_ptr<fleet_board> board = std::make_shared<fleet_board>();
  fleet_view view;
  deterministic_system system;
  lookup_actor aut =
    system.spawn(lookup_service, std::shared_ptr<lookup_source>{source},
                 std::shared_ptr<const fleet_board>{board});

  static peer_address address(const std::string& instance, std::uint32_t rank) {
    return {{instance, rank}, 5, "host", 9, "ucx"};
  }

  /// Adds an instance of two ranks that holds so many chunks.
  fleet_view::instance& add(const std::string& name, std::uint32_t chunks) {
    source->matches.push_back({name, location::cpu, chunks});
    fleet_view::instance x{name, "llama", 2, 2, {}};
    for (const std::uint32_t rank : {0U, 1U})
      x.peers.push_back(
        std::make_shared<const peer_address>(address(name, rank)));
    view.instances.push_back(std::move(x));
    return view.instances.back();
  }

  std::vector<chunk_holder> locate(std::uint32_t rank = 1) {
    board->publish(std::make_shared<const fleet_view>(view));
    const auto answer = system.ask<std::vector<chunk_holder>>(
      aut, locate_chunks{{{7, 8}}, "llama", {"m", rank}});
    REQUIRE(answer);
    return *answer;
  }

  /// "instance/rank chunks" of each holder.
  std::vector<std::string> names(std::uint32_t rank = 1) {
    std::vector<std::string> result;
    for (const auto& x : locate(rank))
      result.push_back(to_string(x.peer.id) + ' ' + std::to_string(x.chunks));
    return result;
  }
};

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("lookup_service") {
  TEST_CASE_FIXTURE(service_fixture, "names peers of the asker's rank") {
    add("a", 2);
    add("b", 1);
    CHECK(names() == texts{"a/1 2", "b/1 1"});
    CHECK(names(0) == texts{"a/0 2", "b/0 1"});
    CHECK(locate()[0].peer == address("a", 1));
    CHECK(source->asked_hashes == std::vector<std::uint64_t>{7, 8});
    CHECK(source->asked_model == "llama");
    CHECK(names(2).empty());
  }

  TEST_CASE_FIXTURE(service_fixture, "does not name the asker's own instance") {
    add("a", 2);
    add("m", 2);
    add("z", 2);
    CHECK(names() == texts{"a/1 2", "z/1 2"});
  }

  TEST_CASE_FIXTURE(service_fixture,
                    "does not name who is gone or lends none") {
    add("a", 2).peers[1] = nullptr;
    add("b", 2);
    CHECK(names() == texts{"b/1 2"});
    CHECK(names(0) == texts{"a/0 2", "b/0 2"});
    source->matches.insert(source->matches.begin(), {"aa", location::cpu, 9});
    source->matches.push_back({"x", location::cpu, 9});
    CHECK(names() == texts{"b/1 2"});
  }

  TEST_CASE_FIXTURE(service_fixture, "names eight at most, the longest first") {
    for (const auto* name : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "m"})
      add(name, 5);
    std::ranges::reverse(source->matches);  // The asker's is the first.
    CHECK(names() == texts{"i/1 5", "h/1 5", "g/1 5", "f/1 5", "e/1 5", "d/1 5",
                           "c/1 5", "b/1 5"});
  }

  TEST_CASE_FIXTURE(service_fixture, "passes on what the index says") {
    add("a", 2);
    const auto answer =
      system.ask<std::vector<prefix_match>>(aut, find_prefixes{{{7}}, "qwen"});
    REQUIRE(answer);
    CHECK(*answer == source->matches);
    CHECK(source->asked_model == "qwen");
    CHECK(source->asked_hashes == std::vector<std::uint64_t>{7});
  }
}
