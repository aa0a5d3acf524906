#pragma once

#include "net/http/route.hpp"

#include <span>
#include <string>

namespace kvc {

/// Describes `routes` as an OpenAPI 3.1 document, in JSON. Objects with names
/// become its components.
std::string openapi_document(std::span<const route> routes);

}  // namespace kvc
