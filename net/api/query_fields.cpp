#include "net/api/query_fields.hpp"

#include "net/api/json_body.hpp"
#include "net/api/value_reading.hpp"

namespace kvc {

std::optional<std::uint32_t> query_fields::optional_integer(
  std::string_view name) {
  const auto text = request_.parameter(name);
  if (!text)
    return {};
  const auto reading = read_integer(*text);
  if (reading.type != nullptr)
    complain(name, reading.message, reading.type);
  return reading.value;
}

bool query_fields::bool_or(std::string_view name, bool fallback) {
  const auto text = request_.parameter(name);
  if (!text)
    return fallback;
  const auto reading = read_bool(*text);
  if (reading.type != nullptr)
    complain(name, reading.message, reading.type);
  return reading.value;
}

void query_fields::complain(std::string_view name, std::string_view message,
                            std::string_view type) {
  complaints_.push_back(complaint({"query", name}, message, type,
                                  request_.parameter(name).value_or("")));
}

std::optional<http_response> query_fields::refusal() const {
  if (complaints_.empty())
    return {};
  return unprocessable(complaints_);
}

}  // namespace kvc
