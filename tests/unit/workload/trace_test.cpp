#include "apps/workload/trace.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <set>
#include <sstream>
#include <vector>

using namespace kvc;

namespace {

trace_reader reader_of(const std::string& text) {
  return {std::make_unique<std::istringstream>(text), "t.jsonl"};
}

std::string first_error(const std::string& text) {
  auto reader = reader_of(text);
  auto request = reader.next();
  return request ? "" : describe(request.error());
}

constexpr auto line =
  R"({"timestamp": 27, "input_length": 513, "output_length": 9, )"
  R"("hash_ids": [0, 18446744073709551615]})";

}  // namespace

TEST_SUITE("trace") {
  TEST_CASE("reads requests line by line to the end") {
    auto reader =
      reader_of(std::string{line} +
                "\r\n\n{\"hash_ids\":[],\"output_length\":1,\"input_length\":0,"
                "\"timestamp\":30,\"more\":{}}");
    auto first = reader.next();
    REQUIRE(first);
    CHECK(*first == trace_request{.timestamp = std::chrono::milliseconds{27},
                                  .input_length = 513,
                                  .output_length = 9,
                                  .hash_ids = {0, UINT64_MAX}});
    auto second = reader.next();
    REQUIRE(second);
    REQUIRE(second->has_value());
    CHECK((*second)->timestamp == std::chrono::milliseconds{30});
    for (int i = 0; i < 2; ++i) {
      auto end = reader.next();
      REQUIRE(end);
      CHECK_FALSE(end->has_value());
    }
  }

  TEST_CASE("repeats requests with blocks that the copies do not share") {
    auto reader = reader_of(std::string{line} + "\n" + line);
    reader.repeat(3);
    std::vector<trace_request> all;
    for (int i = 0; i < 6; ++i) {
      auto request = reader.next();
      REQUIRE(request);
      REQUIRE(request->has_value());
      all.push_back(std::move(**request));
      CHECK(all.back().input_length == 513);
    }
    auto end = reader.next();
    REQUIRE(end);
    CHECK_FALSE(end->has_value());
    CHECK(all[0].hash_ids == std::vector<std::uint64_t>{0, UINT64_MAX});
    std::set<std::uint64_t> ids;
    for (int i = 0; i < 3; ++i) {
      CHECK(all[static_cast<std::size_t>(i)] ==
            all[static_cast<std::size_t>(i) + 3]);
      ids.insert(all[static_cast<std::size_t>(i)].hash_ids.begin(),
                 all[static_cast<std::size_t>(i)].hash_ids.end());
    }
    CHECK(ids.size() == 6);
  }

  TEST_CASE("finds an empty file empty and a missing one missing") {
    auto nothing = reader_of("").next();
    REQUIRE(nothing);
    CHECK_FALSE(nothing->has_value());
    CHECK(trace_reader::open("/nonexistent/trace") ==
          caf::error{errc::invalid_request});
    auto directory = trace_reader::open("/");
    REQUIRE(directory);
    CHECK(directory->next() == caf::error{errc::invalid_request});
  }

  TEST_CASE("names line and field of what it refuses") {
    CHECK(first_error("{") == "invalid_request: t.jsonl:1: not a JSON object");
    CHECK(first_error("\n[1]") ==
          "invalid_request: t.jsonl:2: not a JSON object");
    CHECK(first_error(R"({"timestamp": -1})") ==
          "invalid_request: t.jsonl:1: "
          "timestamp is no number of milliseconds");
    CHECK(first_error(R"({"timestamp": 1, "input_length": 4194305})") ==
          "invalid_request: t.jsonl:1: "
          "input_length is no number of tokens up to 4194304");
    CHECK(first_error(
            R"({"timestamp": 1, "input_length": 4, "output_length": "x"})") ==
          "invalid_request: t.jsonl:1: output_length is no number of tokens");
    CHECK(first_error(R"({"timestamp": 1, "input_length": 4,)"
                      R"("output_length": 1, "hash_ids": [1.5]})") ==
          "invalid_request: t.jsonl:1: hash_ids is no list of block ids");
    CHECK(first_error(R"({"timestamp": 1, "input_length": 513,)"
                      R"("output_length": 1, "hash_ids": [1]})") ==
          "invalid_request: t.jsonl:1: 1 hash_ids for 513 tokens");
  }

  TEST_CASE("refuses a line over the limit") {
    auto longest = std::string{line};
    longest.resize(trace_reader::max_line_bytes, ' ');
    CHECK(first_error(longest + '\n') == "");
    CHECK(first_error(longest + " \n") ==
          "invalid_request: t.jsonl:1: longer than 1048576 bytes");
  }

  TEST_CASE("makes the tokens of a prompt from its block ids") {
    const auto tokens =
      prompt_tokens({.input_length = 514, .hash_ids = {3, 1}});
    REQUIRE(tokens.size() == 514);
    // By the definition of splitmix64, computed in Python.
    CHECK(tokens[0] == 19765);
    CHECK(tokens[511] == 54936);
    CHECK(tokens[512] == 17510);
    CHECK(tokens[513] == 29721);
    CHECK(prompt_tokens({.input_length = 512, .hash_ids = {3}}) ==
          std::vector(tokens.begin(), tokens.begin() + 512));
    CHECK(prompt_tokens({}).empty());
  }
}
