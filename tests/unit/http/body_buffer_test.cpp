#include "net/http/body_buffer.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace kvc;

namespace {

constexpr auto small = body_buffer::small_bytes;
constexpr auto large = body_memory::large_bytes;

/// Text in which every place is different from its neighbours.
std::string text_of(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i)
    result[i] = static_cast<char>(i % 251);
  return result;
}

/// Takes what the last test's bodies have left to this thread.
struct buffer_fixture {
  std::atomic<std::size_t> ignored{0};
  body_buffer spare_holder{ignored, SIZE_MAX};
  std::atomic<std::size_t> used{0};

  buffer_fixture() { spare_holder.append("x"); }
};

}  // namespace

TEST_SUITE("body_buffer") {
  TEST_CASE_FIXTURE(buffer_fixture, "keeps what it has when it grows") {
    body_buffer body{used, SIZE_MAX};
    const auto text = text_of(5 * large);
    std::string_view left = text;
    for (std::size_t size = 1; !left.empty(); size *= 3) {
      const auto piece = left.substr(0, size);
      REQUIRE(body.append(piece));
      left.remove_prefix(piece.size());
      REQUIRE(body.text() ==
              std::string_view{text}.substr(0, text.size() - left.size()));
    }
    CHECK(used.load() >= text.size());
    CHECK(used.load() <= 3 * text.size());
  }

  TEST_CASE_FIXTURE(buffer_fixture, "grows no further than it was announced") {
    body_buffer body{used, SIZE_MAX};
    body.expect(large + 1);
    REQUIRE(body.append(text_of(large)));
    REQUIRE(body.append("x"));
    CHECK(used.load() == large + 1);
  }

  TEST_CASE_FIXTURE(buffer_fixture, "refuses what is beyond the budget") {
    {
      body_buffer body{used, 2 * large};
      body.expect(3 * large);
      CHECK(body.append(text_of(large)));
      CHECK_FALSE(body.append(text_of(large + 1)));
      CHECK(body.text() == text_of(large));
      CHECK(used.load() == large);
      CHECK_FALSE(body_buffer{used, 2 * large}.append(text_of(large + 1)));
    }
    CHECK(used.load() == 0);
  }

  TEST_CASE_FIXTURE(buffer_fixture, "always has room for small bodies") {
    body_buffer body{used, 0};
    body.expect(small);
    CHECK(body.append(text_of(small)));
    CHECK(used.load() == 0);
    CHECK_FALSE(body.append("x"));
    CHECK(body.room().empty());
  }

  TEST_CASE_FIXTURE(buffer_fixture, "counts the memory that a body inherits") {
    const auto size = 10 * small;
    {
      body_buffer body{used, size};
      body.expect(size);
      REQUIRE(body.append(text_of(size)));
    }
    CHECK(used.load() == 0);
    {
      body_buffer heir{used, size};
      CHECK(heir.append("x"));
      CHECK(used.load() == size);
      // Nobody else may, but small bodies have their own.
      body_buffer other{used, size};
      CHECK(other.append("x"));
      CHECK(used.load() == size);
    }
    CHECK(used.load() == 0);
    body_buffer poor{used, size - 1};
    CHECK(poor.append("x"));
    CHECK(used.load() == 0);
  }
}
