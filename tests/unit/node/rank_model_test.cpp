#include "tests/support/shrink.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/unit/node/rank_world.hpp"

#include <doctest/doctest.h>

#include <random>
#include <sstream>

using namespace kvc;
using namespace kvc::test;

namespace {

using steps = std::vector<rank_step>;

constexpr std::uint32_t seeds = 200;
constexpr std::size_t steps_per_seed = 300;

steps draw(std::uint32_t seed) {
  using enum rank_step::action;
  const std::vector<rank_step::action> bag{
    store, store,  store, store, store, retrieve, retrieve, retrieve,
    write, write,  write, write, write, write,    report,   report,
    evict, recode, clear, pin,   unpin, wait,     kill};
  auto pick = [random = std::minstd_rand{seed}](std::uint32_t bound) mutable {
    return static_cast<std::uint32_t>(random() / 7 % bound);
  };
  steps result(steps_per_seed);
  for (auto& step : result) {
    step.what = bag[pick(static_cast<std::uint32_t>(bag.size()))];
    step.prompt = pick(rank_world::prompts);
    step.number = pick(1000);
  }
  return result;
}

/// Returns what went wrong, and at which step.
std::string run(const steps& all, const std::filesystem::path& directory,
                bool is_tight) {
  rank_world world{directory, is_tight};
  for (std::size_t i = 0; i < all.size(); ++i)
    if (const auto trouble = world.run(all[i]); !trouble.empty())
      return "step " + std::to_string(i) + ": " + trouble;
  return world.settle();
}

std::string text_of(const steps& all) {
  std::ostringstream out;
  for (const auto& step : all)
    out << step << '\n';
  return out.str();
}

}  // namespace

TEST_SUITE("rank model") {
  TEST_CASE("stores, index and model agree whatever happens") {
    const temporary_directory directory;
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
      const auto is_tight = seed % 3 != 0;
      const auto all = draw(seed);
      const auto fault = run(all, directory.path() / "disk", is_tight);
      if (fault.empty())
        continue;
      const auto few = shrink(all, [&](const steps& some) {
        return !run(some, directory.path() / "disk", is_tight).empty();
      });
      FAIL("seed " << seed << ", " << fault << "; these are enough:\n"
                   << text_of(few)
                   << run(few, directory.path() / "disk", is_tight));
    }
  }

  TEST_CASE("shrinks to what a failure needs") {
    const auto fails = [](const std::vector<int>& some) {
      return std::ranges::count(some, 7) > 0 && std::ranges::count(some, 3) > 1;
    };
    const std::vector<int> all{1, 3, 2, 2, 7, 3, 9, 9, 3, 7, 1, 1, 4};
    CHECK(shrink(all, fails).size() == 3);
    CHECK(fails(shrink(all, fails)));
  }
}
