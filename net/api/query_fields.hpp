#pragma once

#include "net/http/exchange.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvc {

/// Reads the parameters of a request's query string as json_body reads the
/// fields of a body: as lenient, and with the same complaints. Read all, then
/// ask `refusal`.
class query_fields {
 public:
  /// `request` must outlive it, and its route must name what is asked for.
  explicit query_fields(const http_request& request) : request_(request) {}

  std::optional<std::string> optional_string(std::string_view name) const {
    return request_.parameter(name);
  }

  /// An integer from 0 to 2^32-1.
  std::optional<std::uint32_t> optional_integer(std::string_view name);

  bool bool_or(std::string_view name, bool fallback);

  /// Adds a complaint about a parameter; `type` is pydantic's name for it.
  void complain(std::string_view name, std::string_view message,
                std::string_view type);

  /// Returns the answer to a bad request, 422, or nothing if all is well.
  std::optional<http_response> refusal() const;

 private:
  const http_request& request_;
  nlohmann::json complaints_;
};

}  // namespace kvc
