#include "net/http/schema.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

schema schema::any() { return {}; }

schema schema::text() { return {.what = kind::text}; }

schema schema::choice(std::vector<std::string> choices) {
  return {.what = kind::text, .choices = std::move(choices)};
}

schema schema::integer(std::int64_t maximum, std::int64_t minimum) {
  return {.what = kind::integer, .minimum = minimum, .maximum = maximum};
}

schema schema::number() { return {.what = kind::number}; }

schema schema::boolean() { return {.what = kind::boolean}; }

schema schema::list(schema element) {
  return {.what = kind::list, .parts = {std::move(element)}};
}

schema schema::tuple(std::vector<schema> elements) {
  return {.what = kind::tuple, .parts = std::move(elements)};
}

schema schema::map(schema value) {
  return {.what = kind::map, .parts = {std::move(value)}};
}

schema schema::object(std::vector<field> fields, std::string name) {
  return {
    .what = kind::object, .name = std::move(name), .fields = std::move(fields)};
}

schema schema::any_of(std::vector<schema> choices) {
  return {.what = kind::any_of, .parts = std::move(choices)};
}

schema schema::or_null() const {
  auto result = *this;
  result.is_nullable = true;
  return result;
}

field optional_field(std::string name, schema shape, std::string description) {
  return {std::move(name), std::move(shape), std::move(description), false};
}

const field* find_field(std::span<const field> fields, std::string_view name) {
  const auto found = std::find_if(
    fields.begin(), fields.end(),
    [&](const field& candidate) { return candidate.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace kvc
