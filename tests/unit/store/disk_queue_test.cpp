#include "actors/store/disk_queue.hpp"

#include "tests/support/disk_store_fixture.hpp"

using namespace kvc;
using kvc::test::hashes;
using kvc::test::raw_bytes;

namespace {

struct queue_fixture {
  disk_queue queue{4 * raw_bytes};

  void push(const hashes& names) {
    const auto batch = std::make_shared<const hashes>(names);
    for (const auto name : names)
      queue.push(test::kept_of(name), batch, {});
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
    CHECK(queue.check());
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
    CHECK(queue.check());
  }

  TEST_CASE_FIXTURE(queue_fixture, "cancels a chunk that is being written") {
    push({1, 2});
    CHECK(begin() == 1);
    CHECK(!queue.drop(1));
    CHECK(!queue.contains(1));
    CHECK(!queue.drop(1));
    CHECK(queue.size() == 2);
    CHECK(queue.check());
    CHECK(queue.pop().is_cancelled);
    CHECK(begin() == 2);
    CHECK(!queue.pop().is_cancelled);
    CHECK(queue.check());
  }

  TEST_CASE_FIXTURE(queue_fixture, "takes a cancelled chunk again") {
    push({1});
    CHECK(begin() == 1);
    queue.drop(1);
    push({1});
    CHECK(queue.contains(1));
    CHECK(queue.check());
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
    CHECK(queue.check());
  }

  TEST_CASE_FIXTURE(queue_fixture, "drops all but what is being written") {
    push({1, 2, 3});
    SUBCASE("if something is") {
      CHECK(begin() == 1);
      CHECK(queue.drop_all().size() == 2);
      CHECK(queue.contains(1));
      CHECK(queue.bytes() == raw_bytes);
      CHECK(!queue.pop().is_cancelled);
    }
    SUBCASE("if nothing is") { CHECK(queue.drop_all().size() == 3); }
    CHECK(queue.bytes() == 0);
    CHECK(queue.check());
    push({3});
    CHECK(begin() == 3);
  }
}
