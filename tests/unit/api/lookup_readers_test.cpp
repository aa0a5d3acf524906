#include "net/api/json_walker.hpp"
#include "net/api/lookup_body.hpp"
#include "net/api/value_reading.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <random>
#include <string>

using namespace kvc;
using nlohmann::json;

namespace {

/// What a reader makes of a body.
struct outcome {
  unsigned status = 200;
  std::vector<std::uint32_t> tokens = {};
  std::optional<std::vector<std::uint64_t>> hashes = {};
  std::string model = {};
  json complaints = json::array();  ///< Their places and types.

  friend bool operator==(const outcome&, const outcome&) = default;

  void complain(const json& place, const char* type) {
    status = 422;
    complaints.push_back({place, type});
  }
};

/// Reads a body for /lookup by a parser alone.
class plain_reader {
 public:
  explicit plain_reader(std::string_view text)
      : fields_(json::parse(text, nullptr, false)) {
    if (text.find('\0') != std::string_view::npos || fields_.is_discarded())
      result_.status = 400;
    else if (!fields_.is_object())
      result_.complain({"body"}, "model_attributes_type");
  }

  outcome read() {
    if (result_.status != 200)
      return std::move(result_);
    if (has("hashes"))
      result_.hashes = list("hashes", read_hash);
    if (has("tokens") || (!result_.hashes && fields_.contains("tokens")))
      result_.tokens = list("tokens", read_integer);
    else if (!result_.hashes)
      result_.complain({"body", "tokens"}, "missing");
    if (result_.hashes && has("tokens"))
      result_.complain({"body", "hashes"}, "value_error");
    if (has("model") && !fields_["model"].is_string())
      result_.complain({"body", "model"}, "string_type");
    else if (has("model"))
      result_.model = fields_["model"];
    if (result_.status == 200)
      return std::move(result_);
    return {.status = 422, .complaints = std::move(result_.complaints)};
  }

 private:
  bool has(const char* name) const {
    return fields_.contains(name) && !fields_[name].is_null();
  }

  template <class Element>
  std::vector<Element> list(const char* name,
                            value_reading<Element> (*read_one)(const json&)) {
    std::vector<Element> result;
    if (!fields_[name].is_array()) {
      result_.complain({"body", name}, "list_type");
      return result;
    }
    for (const auto& element : fields_[name]) {
      const auto reading = read_one(element);
      if (reading.type != nullptr)
        result_.complain({"body", name, result.size()}, reading.type);
      result.push_back(reading.value);
    }
    return result;
  }

  json fields_;
  outcome result_;
};

/// Reads a body as the controller does.
outcome read_as_served(const std::string& text) {
  auto got = read_lookup({.body = text});
  outcome result;
  if (const auto* refusal = std::get_if<http_response>(&got)) {
    result.status = refusal->status;
    const auto body = json::parse(refusal->body);
    if (result.status == 422)
      for (const auto& each : body["detail"])
        result.complaints.push_back({each["loc"], each["type"]});
    return result;
  }
  const auto& body = std::get<lookup_body>(got);
  result.tokens.assign(body.tokens.begin(), body.tokens.end());
  result.hashes = body.hashes;
  result.model = body.model;
  return result;
}

/// Writes bodies of which most are nearly right.
class body_writer {
 public:
  explicit body_writer(unsigned seed) : random_(seed) {}

  std::string write() {
    auto result = blanks() + object(0) + blanks();
    if (one_of(4))
      damage(result);
    return result;
  }

 private:
  bool one_of(unsigned many) { return random_() % many == 0; }

  std::string pick(std::initializer_list<const char*> choices) {
    return choices.begin()[random_() % choices.size()];
  }

  std::string blanks() {
    return one_of(3) ? pick({" ", "\n", "\t ", "\r\n  "}) : "";
  }

  template <class Function>
  std::string joined(unsigned most, Function write) {
    std::string result;
    for (auto left = random_() % (most + 1); left > 0; --left)
      result += blanks() + write() + blanks() + (left > 1 ? "," : "");
    return result;
  }

  std::string object(int depth) {
    return '{' +
           joined(5,
                  [&] {
                    return name() + blanks() + ':' + blanks() + value(depth);
                  }) +
           '}';
  }

  std::string name() {
    if (one_of(3))
      return pick({R"("tok\u0065ns")", R"("\u0074okens")", R"("token\u0073")",
                   R"("h\u0061shes")", R"("hashe\u0073")", R"("m\u006fdel")",
                   R"("tok\u0045ns")", R"("tokens\u0000")", R"("\"tokens")",
                   R"("\\u0074okens")", "\"t\xC3\xB6kens\"", R"("x\n")",
                   R"("\u006D\u006F\u0064\u0065\u006C")"});
    return pick({R"("tokens")", R"("tokens")", R"("hashes")", R"("model")",
                 R"("model")", R"("x")", R"("")"});
  }

  std::string value(int depth) {
    switch (random_() % (depth < 2 ? 12 : 10)) {
      case 0:
        return pick({"null", "true", "false", "0", "-7", "1.5", "1e3"});
      case 1:
      case 2:
        return pick({R"("")", R"("m")", R"("a~b")", R"("\u0061")", R"("a\"]b")",
                     R"("{[,")", "\"\xC3\xA4\"", R"("\\")",
                     R"("\ud83d\ude00")"});
      case 3:
        return '[' + joined(3, [&] { return odd_number(); }) + ']';
      case 4:
      case 5:
      case 6:
        return '[' + joined(30, [&] { return std::to_string(random_()); }) +
               ']';
      case 7:
        return '[' +
               joined(5,
                      [&] {
                        return (one_of(2) ? "-" : "") +
                               std::to_string(random_());
                      }) +
               ']';
      case 8:
        return pick({"null", "[]", "[ ]"});
      case 10:
        return object(depth + 1);
      case 11:
        return '[' + joined(2, [&] { return value(depth + 1); }) + ']';
      default:
        return '[' + joined(3, [&] { return std::to_string(random_() % 9); }) +
               ']';
    }
  }

  std::string odd_number() {
    return pick({"1",
                 "-1",
                 "-0",
                 "1.0",
                 "1.5",
                 "1e2",
                 "4294967295",
                 "4294967296",
                 "18446744073709551615",
                 "18446744073709551616",
                 "-9223372036854775808",
                 "-9223372036854775809",
                 R"("12")",
                 R"(" +3 ")",
                 R"("-2.0")",
                 R"("x")",
                 "true",
                 "null",
                 "[]",
                 "01",
                 "1e999",
                 "+1"});
  }

  /// Changes, inserts or removes a byte.
  void damage(std::string& text) {
    static constexpr std::string_view bytes{"\0\"\\{}[],:1eu \n\x80x", 16};
    const auto at = random_() % (text.size() + 1);
    const auto byte = bytes[random_() % bytes.size()];
    if (one_of(3) || at == text.size())
      text.insert(at, 1, byte);
    else if (one_of(2))
      text.erase(at, 1);
    else
      text[at] = byte;
  }

  std::mt19937 random_;
};

}  // namespace

TEST_SUITE("lookup readers") {
  TEST_CASE("agree about ten thousand bodies") {
    body_writer bodies{14};
    std::map<unsigned, int> statuses;
    int complete = 0;
    for (int i = 0; i < 10'000; ++i) {
      const auto text = bodies.write();
      CAPTURE(i);
      CAPTURE(text);
      const auto expected = plain_reader{text}.read();
      REQUIRE((read_as_served(text) == expected));
      ++statuses[expected.status];
      if (expected.status == 200 &&
          walk_json(text).how_far == walked_json::progress::complete)
        ++complete;
    }
    CHECK(statuses[200] > 500);
    CHECK(statuses[400] > 500);
    CHECK(statuses[422] > 500);
    CHECK(complete > 100);
  }
}
