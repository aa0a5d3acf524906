#include "net/http/schema.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

namespace {

schema of_kind(schema::kind what) {
  schema result;
  result.what = what;
  return result;
}

schema with_parts(schema::kind what, std::vector<schema> parts) {
  auto result = of_kind(what);
  result.parts = std::move(parts);
  return result;
}

}  // namespace

schema schema::any() { return of_kind(kind::any); }

schema schema::text() { return of_kind(kind::text); }

schema schema::choice(std::vector<std::string> choices) {
  auto result = text();
  result.choices = std::move(choices);
  return result;
}

schema schema::integer(std::int64_t maximum, std::int64_t minimum) {
  auto result = of_kind(kind::integer);
  result.minimum = minimum;
  result.maximum = maximum;
  return result;
}

schema schema::number() { return of_kind(kind::number); }

schema schema::boolean() { return of_kind(kind::boolean); }

schema schema::list(schema element) {
  return with_parts(kind::list, {std::move(element)});
}

schema schema::tuple(std::vector<schema> elements) {
  return with_parts(kind::tuple, std::move(elements));
}

schema schema::map(schema value) {
  return with_parts(kind::map, {std::move(value)});
}

schema schema::object(std::vector<field> fields, std::string name) {
  auto result = of_kind(kind::object);
  result.name = std::move(name);
  result.fields = std::move(fields);
  return result;
}

schema schema::any_of(std::vector<schema> choices) {
  return with_parts(kind::any_of, std::move(choices));
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
