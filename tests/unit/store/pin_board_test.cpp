#include "actors/store/pin_board.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

using namespace kvc;

namespace {

using hashes = std::vector<std::uint64_t>;

pin_board::time_point at(int seconds) {
  return pin_board::time_point{} + std::chrono::seconds{seconds};
}

/// Every pin of a chunk by itself; one without an end has the last of times.
struct naive_board {
  std::map<std::uint64_t, std::vector<pin_board::time_point>> pins;

  std::optional<bool> unpin(std::uint64_t hash) {
    const auto it = pins.find(hash);
    if (it == pins.end())
      return std::nullopt;
    it->second.erase(std::ranges::min_element(it->second));
    if (!it->second.empty())
      return false;
    pins.erase(it);
    return true;
  }

  hashes expire(pin_board::time_point now) {
    hashes result;
    for (auto& [hash, ends] : pins) {
      std::erase_if(ends, [=](auto end) { return end <= now; });
      if (ends.empty())
        result.push_back(hash);
    }
    for (const auto hash : result)
      pins.erase(hash);
    return result;
  }
};

}  // namespace

TEST_SUITE("pin_board") {
  TEST_CASE("counts the pins of each chunk") {
    pin_board board;
    CHECK(!board.is_pinned(1));
    CHECK(board.pin(1, std::nullopt));
    CHECK(!board.pin(1, std::nullopt));
    CHECK(board.pin(2, std::nullopt));
    CHECK(board.size() == 2);
    CHECK(board.unpin(1) == false);
    CHECK(board.is_pinned(1));
    CHECK(board.unpin(1) == true);
    CHECK(!board.is_pinned(1));
    CHECK(board.unpin(1) == std::nullopt);
    CHECK(board.is_pinned(2));
    CHECK(board.size() == 1);
  }

  TEST_CASE("ends a pin at its time and not before") {
    pin_board board;
    board.pin(1, at(10));
    CHECK(board.expire(at(9)).empty());
    CHECK(board.is_pinned(1));
    CHECK(board.expire(at(10)) == hashes{1});
    CHECK(!board.is_pinned(1));
    CHECK(board.expire(at(10)).empty());
    CHECK(board.unpin(1) == std::nullopt);
  }

  TEST_CASE("names chunks in the order in which their last pins end") {
    pin_board board;
    board.pin(1, at(30));
    board.pin(2, at(10));
    board.pin(3, at(20));
    board.pin(2, at(25));
    CHECK(board.expire(at(30)) == hashes{3, 2, 1});
  }

  TEST_CASE("ends a prompt's pins from its tail to its head") {
    pin_board board;
    for (const std::uint64_t hash : {7U, 3U, 9U})
      board.pin(hash, at(10));
    board.pin(7, at(10));
    CHECK(board.expire(at(10)) == hashes{9, 3, 7});
  }

  TEST_CASE("forgets all pins of a chunk") {
    pin_board board;
    board.pin(1, at(10));
    board.pin(1, at(20));
    board.pin(1, std::nullopt);
    board.pin(2, at(20));
    board.forget(1);
    board.forget(3);
    CHECK(!board.is_pinned(1));
    CHECK(board.pin(1, std::nullopt));
    CHECK(board.expire(at(1000)) == hashes{2});
    CHECK(board.is_pinned(1));
  }

  TEST_CASE("keeps a chunk pinned until its last pin ends") {
    pin_board board;
    board.pin(1, at(10));
    board.pin(1, at(30));
    board.pin(1, at(20));
    CHECK(board.expire(at(20)).empty());
    CHECK(board.is_pinned(1));
    CHECK(board.expire(at(30)) == hashes{1});
  }

  TEST_CASE("keeps two pins that end at once apart") {
    pin_board board;
    board.pin(1, at(10));
    board.pin(1, at(10));
    CHECK(board.unpin(1) == false);
    CHECK(board.expire(at(9)).empty());
    CHECK(board.is_pinned(1));
    CHECK(board.expire(at(10)) == hashes{1});
  }

  TEST_CASE("takes back the pin that would end first") {
    pin_board board;
    board.pin(1, std::nullopt);
    board.pin(1, at(20));
    board.pin(1, at(10));
    CHECK(board.unpin(1) == false);
    CHECK(board.unpin(1) == false);
    CHECK(board.expire(at(1000)).empty());
    CHECK(board.is_pinned(1));
    CHECK(board.unpin(1) == true);
  }

  TEST_CASE("does not end a new pin at the time of one taken back") {
    pin_board board;
    board.pin(1, at(10));
    CHECK(board.unpin(1) == true);
    CHECK(board.pin(1, at(20)));
    CHECK(board.expire(at(10)).empty());
    CHECK(board.is_pinned(1));
    CHECK(board.expire(at(20)) == hashes{1});
  }

  TEST_CASE("agrees with a naive board for 50,000 steps") {
    std::mt19937 random{20'240'311};
    pin_board board;
    naive_board naive;
    std::size_t expired = 0;
    for (int now = 0, step = 0; step < 50'000; ++step) {
      const std::uint64_t hash = random() % 8;
      const auto dice = random() % 16;
      if (dice < 7) {
        const auto end = at(now + static_cast<int>(random() % 12));
        const auto is_first = !naive.pins.contains(hash);
        naive.pins[hash].push_back(end);
        REQUIRE(board.pin(hash, end) == is_first);
      } else if (dice == 7) {
        const auto is_first = !naive.pins.contains(hash);
        naive.pins[hash].push_back(pin_board::time_point::max());
        REQUIRE(board.pin(hash, std::nullopt) == is_first);
      } else if (dice == 8) {
        board.forget(hash);
        naive.pins.erase(hash);
      } else if (dice < 12) {
        REQUIRE(board.unpin(hash) == naive.unpin(hash));
      } else {
        now += static_cast<int>(random() % 4);
        auto ended = board.expire(at(now));
        std::ranges::sort(ended);
        REQUIRE(ended == naive.expire(at(now)));
        expired += ended.size();
      }
      REQUIRE(board.size() == naive.pins.size());
      for (std::uint64_t i = 0; i < 8; ++i)
        REQUIRE(board.is_pinned(i) == naive.pins.contains(i));
    }
    CHECK(expired > 1000);
  }
}
