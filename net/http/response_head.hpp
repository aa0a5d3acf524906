#pragma once

#include "net/http/request_reader.hpp"

#include <string>

namespace kvc {

/// Returns the status line and the header of `response`, up to and including
/// the empty line.
std::string response_head(const http_response& response,
                          const request_reader::traits& connection);

}  // namespace kvc
