#pragma once

#include "net/http/schema.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace kvc::test {

/// Returns where `value` is not of this shape, as in "$.workers.0.ip", or "".
/// A field that the shape does not name is one of those places.
std::string mismatch(const schema& shape, const nlohmann::json& value,
                     const std::string& where = "$");

/// Returns where a shape says less than it could: a field without description,
/// an object without fields, a value of any kind. "" if nowhere.
std::string vague_part(const schema& shape, const std::string& where = "$");

/// Returns a value of this shape.
nlohmann::json example_of(const schema& shape);

}  // namespace kvc::test
