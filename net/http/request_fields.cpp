#include "net/http/request_fields.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <cctype>

namespace kvc {

namespace {

namespace http = boost::beast::http;

std::optional<std::string_view>* find_place(request_fields& fields,
                                            http::field name) {
  switch (name) {
    case http::field::host:
      return &fields.host;
    case http::field::origin:
      return &fields.origin;
    case http::field::content_type:
      return &fields.content_type;
    case http::field::content_length:
      return &fields.content_length;
    case http::field::transfer_encoding:
      return &fields.transfer_encoding;
    default:
      return nullptr;
  }
}

bool consists_of(std::string_view text, bool (*is_right)(unsigned char)) {
  return std::all_of(text.begin(), text.end(), is_right);
}

/// Whether it can be a host with a port; may be empty.
bool is_host(std::string_view text) {
  return consists_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view{"-._~%!$&'()*+;=:[]"}.find(static_cast<char>(c)) !=
             std::string_view::npos;
  });
}

bool is_number(std::string_view text) {
  return !text.empty() && consists_of(text, [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
}

bool is_sound(const request_fields& fields, bool is_http_1_0) {
  if (!fields.host && !is_http_1_0)
    return false;
  if (fields.host && !is_host(*fields.host))
    return false;
  if (fields.transfer_encoding)
    return !is_http_1_0 && !fields.content_length &&
           boost::beast::iequals({fields.transfer_encoding->data(),
                                  fields.transfer_encoding->size()},
                                 "chunked");
  return !fields.content_length || is_number(*fields.content_length);
}

}  // namespace

std::optional<request_fields> read_fields(const http::fields& header,
                                          bool is_http_1_0) {
  request_fields result;
  for (const auto& each : header) {
    auto* const place = find_place(result, each.name());
    if (place == nullptr)
      continue;
    if (*place)
      return {};
    *place = std::string_view{each.value().data(), each.value().size()};
  }
  return is_sound(result, is_http_1_0) ? std::optional{result} : std::nullopt;
}

}  // namespace kvc
