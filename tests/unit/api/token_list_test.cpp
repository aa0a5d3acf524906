#include "net/api/token_list.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace kvc;
using nlohmann::json;

namespace {

using token_vector = std::vector<std::uint32_t>;

/// Reads a list from memory of exactly its size, so that sanitizers see every
/// byte too far.
std::optional<token_vector> read(const std::string& list) {
  const std::vector<char> exact(list.begin(), list.end());
  std::string_view text{exact.data(), exact.size()};
  const auto tokens = read_token_list(text);
  if (!tokens) {
    CHECK(text.size() == list.size());
    return {};
  }
  return token_vector(tokens->begin(), tokens->end());
}

/// What a general parser says of it.
std::optional<token_vector> read_slowly(const std::string& list) {
  const auto parsed = json::parse(list, nullptr, false);
  if (!parsed.is_array())
    return {};
  token_vector tokens;
  for (const auto& each : parsed) {
    if (!each.is_number_unsigned() || each.get<std::uint64_t>() > UINT32_MAX)
      return {};
    tokens.push_back(each.get<std::uint32_t>());
  }
  return tokens;
}

/// Makes lists that are right, and with `is_damaged` mostly such that are not.
class list_maker {
 public:
  std::string make(bool is_damaged) {
    std::string list = "[";
    const auto style = pick(4);
    for (auto left = pick(70); left > 0; --left) {
      list += blanks(style);
      list += std::to_string((random_() & UINT32_MAX) >> pick(32));
      list += blanks(style);
      list += left > 1 ? "," : "";
    }
    list += "]";
    if (is_damaged) {
      const auto at = 1 + pick(list.size() - 1);
      list.replace(at, pick(2), 1, "0,1 ]-9.e\"x"[pick(11)]);
    }
    return list;
  }

 private:
  std::size_t pick(std::size_t end) { return random_() % end; }

  std::string blanks(std::size_t style) {
    if (style == 0)
      return "";
    if (style == 1)
      return " ";
    std::string result(pick(style == 2 ? 3 : 80), ' ');
    std::fill(result.begin(), result.end(), " \n\t\r"[pick(4)]);
    return result;
  }

  std::mt19937_64 random_{7};
};

}  // namespace

TEST_SUITE("token_list") {
  TEST_CASE("reads a list and leaves what follows") {
    std::string_view text = "[1, 22,333\n,4294967295 ], [5]";
    const auto tokens = read_token_list(text);
    REQUIRE(tokens);
    CHECK(token_vector(tokens->begin(), tokens->end()) ==
          token_vector{1, 22, 333, 4294967295U});
    CHECK(text == ", [5]");
    CHECK(read("[]") == token_vector{});
    CHECK(read("[ ]") == token_vector{});
    CHECK(read("[0]") == token_vector{0});
  }

  TEST_CASE("reads numbers of every length at every place") {
    for (std::size_t shift = 0; shift < 70; ++shift) {
      std::string list = "[";
      token_vector expected;
      for (std::uint32_t number = 1; number <= 1'000'000'000; number *= 10) {
        expected.push_back(number);
        list += std::to_string(number) + ',';
      }
      list += std::string(shift, ' ');
      const std::string rest = "4294967295,0,99999999,100000000,4000000000]";
      for (const std::uint32_t more :
           {4294967295U, 0U, 99999999U, 100000000U, 4000000000U})
        expected.push_back(more);
      CAPTURE(shift);
      CHECK(read(list + rest) == expected);
      const auto with = [&](std::string_view odd) {
        return std::string{list}.append(odd).append(rest);
      };
      CHECK_FALSE(read(with("4294967296,")));
      CHECK_FALSE(read(with("10000000000,")));
      CHECK_FALSE(read(with(std::string(200, '1').append(","))));
      CHECK_FALSE(read(with("01,")));
      CHECK_FALSE(read(with("1 2,")));
      CHECK_FALSE(read(with("1,,2,")));
      CHECK_FALSE(read(with(",")));
      CHECK_FALSE(read(list + rest.substr(0, rest.size() - 1)));
      CHECK_FALSE(read(list + "1,]" + std::string(70, ' ')));
    }
  }

  TEST_CASE("agrees with a general parser on random lists") {
    list_maker maker;
    int right = 0;
    for (int i = 0; i < 20'000; ++i) {
      const auto list = maker.make(i % 2 == 1);
      // Of damaged lists that end early, the general one reads but that part.
      const auto part = list.substr(0, list.find(']') + 1);
      const auto expected = read_slowly(part);
      CAPTURE(list);
      REQUIRE(read(list) == expected);
      right += expected ? 1 : 0;
    }
    CHECK(right > 10'000);
    CHECK(right < 18'000);
  }

  TEST_CASE("reads a long list and then a short one") {
    std::string list = "[0";
    for (int i = 1; i < 1'000'000; ++i)
      list += ',' + std::to_string(i);
    const auto tokens = read(list + "]");
    REQUIRE(tokens);
    REQUIRE(tokens->size() == 1'000'000);
    for (std::uint32_t i = 0; i < 1'000'000; ++i)
      if ((*tokens)[i] != i)
        REQUIRE((*tokens)[i] == i);
    CHECK(read("[5]") == token_vector{5});
  }
}
