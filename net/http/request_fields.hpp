#pragma once

#include <boost/beast/http/fields.hpp>

#include <optional>
#include <string_view>

namespace kvc {

/// Those fields of a request's header that may not come twice. Views of the
/// header.
struct request_fields {
  std::optional<std::string_view> host;
  std::optional<std::string_view> origin;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> content_length;
  std::optional<std::string_view> transfer_encoding;
};

/// Finds the fields. Returns nothing if two readers could understand the
/// request in two ways: a field comes twice, its length is not told plainly or
/// told by two fields, or its host is no name.
std::optional<request_fields> read_fields(
  const boost::beast::http::fields& header, bool is_http_1_0);

}  // namespace kvc
