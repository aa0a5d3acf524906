#include "messages/instance_ranks.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace kvc;

namespace {

using ranks = std::vector<std::uint32_t>;

worker_record worker(std::string instance, std::uint32_t rank,
                     std::uint32_t rank_count, bool is_lost = false) {
  worker_record result;
  result.profile.id = {std::move(instance), rank};
  result.profile.rank_count = rank_count;
  result.is_lost = is_lost;
  return result;
}

}  // namespace

TEST_SUITE("instance_ranks") {
  TEST_CASE("splits workers by instance") {
    const std::vector workers{worker("a", 0, 2), worker("a", 1, 2),
                              worker("ab", 0, 1)};
    const auto parts = by_instance(workers);
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].size() == 2);
    CHECK(parts[0].data() == workers.data());
    CHECK(parts[1].size() == 1);
    CHECK(parts[1].data() == workers.data() + 2);
    CHECK(by_instance({}).empty());
  }

  TEST_CASE("names the ranks that are announced and not there") {
    CHECK(missing_ranks(std::vector{worker("a", 0, 1)}).empty());
    CHECK(missing_ranks(std::vector{worker("a", 0, 2)}) == ranks{1});
    CHECK(missing_ranks(std::vector{worker("a", 1, 4), worker("a", 2, 4)}) ==
          ranks{0, 3});
    CHECK(missing_ranks(std::vector{worker("a", 0, 2, true)}) == ranks{1});
  }

  TEST_CASE("believes those that live") {
    const std::vector workers{worker("a", 0, 2), worker("a", 3, 4, true)};
    CHECK(announced_ranks(workers) == 2);
    CHECK(missing_ranks(workers) == ranks{1});
    CHECK(announced_ranks(std::vector{worker("a", 0, 2, true),
                                      worker("a", 1, 3, true)}) == 3);
  }
}
