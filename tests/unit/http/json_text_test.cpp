#include "net/http/json_text.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>

using namespace kvc;

TEST_SUITE("json_text") {
  TEST_CASE("agrees with the library about every character at every place") {
    for (std::size_t size = 0; size <= 20; ++size)
      for (std::size_t i = 0; i < std::max<std::size_t>(size, 1); ++i)
        for (int c = 0; c < 256; ++c) {
          std::string text(size, '~');
          if (size > 0)
            text[i] = static_cast<char>(c);
          std::string out = "x";
          append_json_string(out, text);
          const auto expected =
            "x" + nlohmann::json(text).dump(
                    -1, ' ', false, nlohmann::json::error_handler_t::replace);
          REQUIRE(out == expected);
        }
  }

  TEST_CASE("escapes what it must") {
    const auto escaped = [](std::string_view text) {
      std::string out;
      append_json_string(out, text);
      return out;
    };
    CHECK(escaped("plain ~") == "\"plain ~\"");
    CHECK(escaped("a\"b\\c\n") == R"("a\"b\\c\n")");
    CHECK(escaped("\xC3\xA9") == "\"\xC3\xA9\"");
    CHECK(escaped("\xFF") == "\"\xEF\xBF\xBD\"");
  }
}
