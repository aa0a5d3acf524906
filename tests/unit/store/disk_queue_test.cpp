#include "actors/store/disk_queue.hpp"

#include "tests/support/disk_store_fixture.hpp"

using namespace kvc;
using kvc::test::hashes;
using kvc::test::raw_bytes;

namespace {

struct queue_fixture {
  disk_queue queue{4 * raw_bytes};

  offer_result push(const hashes& names) {
    auto kept = test::kept_of(names);
    return queue.offer(kept, std::make_shared<const hashes>(names),
                       [](auto name) { return name == 9; }, {});
  }

  /// Returns the name of the chunk that is being written from now on; 0 if
  /// there is none.
  std::uint64_t begin() {
    const auto kept = queue.begin();
    return kept ? kept->chunk.hash : 0;
  }
};

}  // namespace

TEST_SUITE("disk_queue") {
  TEST_CASE_FIXTURE(queue_fixture, "gives chunks in order") {
    push({1, 2});
    push({3});
    CHECK(begin() == 1);
    CHECK(queue.contains(1));
    CHECK(queue.pop().written == nullptr);
    CHECK(!queue.contains(1));
    CHECK(begin() == 2);
    const auto finished = queue.pop();
    REQUIRE(finished.written != nullptr);
    CHECK(*finished.written == hashes{1, 2});
    CHECK(begin() == 3);
    CHECK(*queue.pop().written == hashes{3});
    CHECK(begin() == 0);
    CHECK(queue.check({}) == "");
  }

  TEST_CASE_FIXTURE(queue_fixture, "counts the bytes until they are written") {
    push({1, 2, 3, 4});
    CHECK(!queue.has_room(1));
    CHECK(begin() == 1);
    CHECK(!queue.has_room(1));
    queue.pop();
    CHECK(queue.has_room(raw_bytes));
    CHECK(!queue.has_room(raw_bytes + 1));
    CHECK(queue.bytes() == 3 * raw_bytes);
    CHECK(queue.drop(3).has_value());
    CHECK(queue.bytes() == 2 * raw_bytes);
    CHECK(queue.check({}) == "");
  }

  TEST_CASE_FIXTURE(queue_fixture, "cancels a chunk that is being written") {
    push({1, 2});
    CHECK(begin() == 1);
    CHECK(!queue.drop(1));
    CHECK(!queue.contains(1));
    CHECK(!queue.drop(1));
    CHECK(queue.size() == 2);
    CHECK(queue.check({}) == "");
    CHECK(queue.pop().is_cancelled);
    CHECK(begin() == 2);
    CHECK(!queue.pop().is_cancelled);
    CHECK(queue.check({}) == "");
  }

  TEST_CASE_FIXTURE(queue_fixture, "tells what waits and was not cancelled") {
    push({1, 2, 3});
    CHECK(begin() == 1);
    CHECK(queue.waiting() == hashes{1, 2, 3});
    REQUIRE(queue.find(1) != nullptr);
    CHECK(queue.find(1)->chunk.hash == 1);
    CHECK(queue.find(9) == nullptr);
    queue.drop(1);
    CHECK(queue.find(1) == nullptr);
    CHECK(queue.waiting() == hashes{2, 3});
    push({1});
    CHECK(queue.find(1) != nullptr);
    CHECK(queue.waiting() == hashes{2, 3, 1});
  }

  TEST_CASE_FIXTURE(queue_fixture, "takes a cancelled chunk again") {
    push({1});
    CHECK(begin() == 1);
    queue.drop(1);
    push({1});
    CHECK(queue.contains(1));
    CHECK(queue.check({}) == "");
    SUBCASE("and writes it") {
      CHECK(queue.pop().is_cancelled);
      CHECK(queue.contains(1));
      CHECK(begin() == 1);
      CHECK(!queue.pop().is_cancelled);
      CHECK(!queue.contains(1));
    }
    SUBCASE("and drops it") {
      CHECK(queue.drop(1).has_value());
      CHECK(queue.pop().is_cancelled);
      CHECK(begin() == 0);
    }
    CHECK(queue.check({}) == "");
  }

  TEST_CASE_FIXTURE(queue_fixture, "drops all but what is being written") {
    push({1, 2, 3});
    SUBCASE("if something is") {
      CHECK(begin() == 1);
      CHECK(queue.stop().size() == 2);
      CHECK(queue.contains(1));
      CHECK(queue.bytes() == raw_bytes);
      CHECK(!queue.pop().is_cancelled);
    }
    SUBCASE("if nothing is") { CHECK(queue.stop().size() == 3); }
    CHECK(queue.bytes() == 0);
    CHECK(queue.check({}) == "");
    CHECK(push({3}).refused == 1);
    CHECK(begin() == 0);
  }

  TEST_CASE_FIXTURE(queue_fixture, "takes what is neither here nor waiting") {
    auto result = push({1, 9, 2, 1});
    CHECK(result.taken == 2);
    CHECK(result.refused == 0);
    result = push({2, 3, 4, 5});
    CHECK(result.taken == 2);
    CHECK(result.refused == 1);
    CHECK(result.is_overflow);
    CHECK(queue.size() == 4);
  }

  TEST_CASE_FIXTURE(queue_fixture, "tells of an overflow once until empty") {
    CHECK(push({1, 2, 3, 4, 5}).is_overflow);
    CHECK(!push({5}).is_overflow);
    begin();
    queue.pop();
    CHECK(!push({5}).is_overflow);
    CHECK(!push({6}).is_overflow);
    while (begin() != 0)
      queue.pop();
    CHECK(push({1, 2, 3, 4, 5}).is_overflow);
    queue.stop();
    CHECK(push({6}).refused == 1);
    CHECK(!push({6}).is_overflow);
  }

  TEST_CASE_FIXTURE(queue_fixture, "says that chunks wait for too long") {
    push({1});
    CHECK(queue.check(disk_queue::time_point{std::chrono::seconds{30}}) == "");
    CHECK(queue.check(disk_queue::time_point{std::chrono::seconds{31}}) ==
          "1 chunks wait, the first for 31 s");
  }
}
