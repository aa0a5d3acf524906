#include "actors/store/arena.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

using namespace kvc;

namespace {

arena map_units(std::uint64_t units) {
  auto result = arena::map(units * arena::alignment);
  REQUIRE(result);
  return std::move(*result);
}

/// What the arena promises, in the slowest and plainest way: free extents by
/// offset, in units.
struct naive_extents {
  std::map<std::uint64_t, std::uint64_t> free;

  void take(std::uint64_t offset, std::uint64_t size) {
    auto it = std::prev(free.upper_bound(offset));
    const auto [begin, length] = *it;
    REQUIRE(offset == begin);
    REQUIRE(size <= length);
    free.erase(it);
    if (size < length)
      free.emplace(begin + size, length - size);
  }

  void give(std::uint64_t offset, std::uint64_t size) {
    auto [it, is_new] = free.emplace(offset, size);
    REQUIRE(is_new);
    if (auto next = std::next(it);
        next != free.end() && offset + size == next->first) {
      it->second += next->second;
      free.erase(next);
    }
    if (it == free.begin())
      return;
    if (auto before = std::prev(it);
        before->first + before->second == it->first) {
      before->second += it->second;
      free.erase(it);
    }
  }

  /// The smallest extent of at least `size`; 0 if there is none.
  std::uint64_t best_fit(std::uint64_t size) const {
    std::uint64_t best = 0;
    for (const auto& [offset, length] : free)
      if (length >= size && (best == 0 || length < best))
        best = length;
    return best;
  }
};

}  // namespace

TEST_SUITE("arena") {
  TEST_CASE("maps whole units and refuses less than one") {
    auto odd = arena::map(1000);
    REQUIRE(odd);
    CHECK(odd->capacity() == 960);
    CHECK(odd->used_bytes() == 0);
    CHECK(arena::map(63) == caf::error{errc::invalid_request});
  }

  TEST_CASE("refuses more than the system can promise") {
    CHECK(arena::map(std::uint64_t{1} << 62U) == caf::error{errc::no_capacity});
  }

  TEST_CASE("rounds blocks up and keeps them apart") {
    auto memory = map_units(4);
    const auto first = memory.allocate(1);
    const auto second = memory.allocate(65);
    const auto third = memory.allocate(0);
    REQUIRE(first);
    REQUIRE(second);
    REQUIRE(third);
    CHECK(first->offset == 0);
    CHECK(second->offset == 64);
    CHECK(third->offset == 192);
    CHECK(memory.used_bytes() == 256);
    CHECK_FALSE(memory.allocate(1));
    CHECK(memory.view(*second, 65).data() == memory.base() + 64);
    CHECK(memory.view(*second, 65).size() == 65);
  }

  TEST_CASE("survives a request for everything there is and more") {
    auto memory = map_units(4);
    CHECK_FALSE(memory.allocate(257));
    CHECK_FALSE(memory.allocate(~std::uint64_t{0}));
    const auto all = memory.allocate(256);
    REQUIRE(all);
    memory.release(*all);
    CHECK(memory.used_bytes() == 0);
    CHECK(memory.check() == "");
  }

  TEST_CASE("joins what is freed with both neighbours") {
    auto memory = map_units(3);
    const auto a = memory.allocate(64);
    const auto b = memory.allocate(64);
    const auto c = memory.allocate(64);
    memory.release(*a);
    memory.release(*c);
    CHECK_FALSE(memory.allocate(65));
    memory.release(*b);
    CHECK(memory.allocate(192));
  }

  TEST_CASE("agrees with a naive best-fit allocator in 20,000 random steps") {
    constexpr std::uint64_t units = 512;
    auto memory = map_units(units);
    naive_extents model;
    model.free.emplace(0, units);
    std::vector<std::pair<arena::block, std::uint64_t>> live;
    std::mt19937 random{7};
    std::uint64_t used = 0;
    for (int step = 0; step < 20'000; ++step) {
      if (random() % 2 == 0) {
        const std::uint64_t size = 1 + random() % 40;
        const auto fit = model.best_fit(size);
        const auto block = memory.allocate(size * arena::alignment);
        REQUIRE(block.has_value() == (fit != 0));
        if (!block)
          continue;
        const auto offset = block->offset / arena::alignment;
        REQUIRE(model.free.at(offset) == fit);
        model.take(offset, size);
        live.emplace_back(*block, size);
        used += size;
      } else if (!live.empty()) {
        std::swap(live[random() % live.size()], live.back());
        const auto [block, size] = live.back();
        live.pop_back();
        memory.release(block);
        model.give(block.offset / arena::alignment, size);
        used -= size;
      }
      REQUIRE(memory.used_bytes() == used * arena::alignment);
      if (step % 100 == 0)
        REQUIRE(memory.check() == "");
    }
    CHECK(live.size() > 5);
  }
}
