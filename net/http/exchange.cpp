#include "net/http/exchange.hpp"

#include "net/http/json_text.hpp"
#include "net/http/route.hpp"

#include <cassert>

namespace kvc {

namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F')
    return digit - 'A' + 10;
  return -1;
}

/// Removes a character, or the escape of one, from the front.
char take_character(std::string_view& text) {
  if (text.front() == '%' && text.size() > 2) {
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    if (high >= 0 && low >= 0) {
      text.remove_prefix(3);
      return static_cast<char>(high * 16 + low);
    }
  }
  const char result = text.front();
  text.remove_prefix(1);
  return result;
}

/// Calls `use` with the raw name and value of each parameter, in order.
template <class Function>
void for_each_parameter(std::string_view query, Function use) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = std::min(pair.find('='), pair.size());
    if (!pair.empty())
      use(pair.substr(0, equals),
          pair.substr(std::min(pair.size(), equals + 1)));
  }
}

}  // namespace

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const bool is_plus = text.front() == '+';
    const char c = take_character(text);
    result += is_plus && plus_is_space ? ' ' : c;
  }
  return result;
}

bool is_decoded(std::string_view text, std::string_view decoded) {
  while (!text.empty() && !decoded.empty()) {
    if (take_character(text) != decoded.front())
      return false;
    decoded.remove_prefix(1);
  }
  return text.empty() && decoded.empty();
}

std::optional<std::string> http_request::parameter(
  std::string_view name) const {
  assert(entry == nullptr || find_field(entry->query, name) != nullptr);
  std::optional<std::string> result;
  for_each_parameter(query, [&](std::string_view key, std::string_view value) {
    if (percent_decode(key, true) == name)
      result = percent_decode(value, true);
  });
  return result;
}

std::string http_request::path_parameter(std::string_view name) const {
  assert(entry != nullptr && find_field(entry->parameters, name) != nullptr);
  return path_value(entry->path, path, name);
}

std::vector<std::pair<std::string, std::string>> http_request::parameters()
  const {
  std::vector<std::pair<std::string, std::string>> result;
  for_each_parameter(query, [&](std::string_view key, std::string_view value) {
    result.emplace_back(percent_decode(key, true), percent_decode(value, true));
  });
  return result;
}

http_response error_response(unsigned status, std::string_view detail) {
  http_response result{.status = status, .body = R"({"detail":)"};
  append_json_string(result.body, detail);
  result.body += '}';
  return result;
}

http_response again_elsewhere() { return {.status = 0}; }

bool is_again_elsewhere(const http_response& response) {
  return response.status == 0;
}

http_response unavailable_response(std::string_view detail) {
  auto result = error_response(503, detail);
  result.headers.emplace_back("Retry-After", "1");
  return result;
}

class responder::state {
 public:
  explicit state(callback on_answer) : on_answer_(std::move(on_answer)) {}

  state(const state&) = delete;
  state& operator=(const state&) = delete;

  ~state() { answer(error_response(500, "Internal Server Error")); }

  void answer(http_response response) {
    if (auto on_answer = std::exchange(on_answer_, nullptr))
      on_answer(std::move(response));
  }

 private:
  callback on_answer_;
};

responder::responder(callback on_answer)
    : state_(std::make_shared<state>(std::move(on_answer))) {}

void responder::operator()(http_response response) const {
  state_->answer(std::move(response));
}

}  // namespace kvc
