#include "tests/unit/api/schema_fixture.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string_view>

namespace kvc::test {
namespace {

using nlohmann::json;

bool is_of_choices(const schema& shape, const json& value) {
  return shape.choices.empty() ||
         std::find(shape.choices.begin(), shape.choices.end(),
                   value.get<std::string>()) != shape.choices.end();
}

bool is_between(const schema& shape, const json& value) {
  if (value.is_number_unsigned() &&
      value.get<std::uint64_t>() >
        static_cast<std::uint64_t>(schema::no_maximum))
    return shape.maximum == schema::no_maximum;
  return value.get<std::int64_t>() >= shape.minimum &&
         value.get<std::int64_t>() <= shape.maximum;
}

std::string where_in(std::string where, std::string_view name) {
  where += '.';
  where += name;
  return where;
}

std::string mismatch_in_object(const schema& shape, const json& value,
                               const std::string& where) {
  if (!value.is_object())
    return where;
  for (const auto& each : shape.fields)
    if (each.is_required && !value.contains(each.name))
      return where_in(where, each.name);
  for (const auto& [name, part] : value.items()) {
    const auto* known = find_field(shape.fields, name);
    auto place = where_in(where, name);
    if (known == nullptr)
      return place;
    if (auto wrong = mismatch(known->shape, part, place); !wrong.empty())
      return wrong;
  }
  return {};
}

std::string mismatch_in_parts(const schema& shape, const json& value,
                              const std::string& where) {
  if (shape.what == schema::kind::map ? !value.is_object() : !value.is_array())
    return where;
  if (shape.what == schema::kind::tuple && value.size() != shape.parts.size())
    return where;
  std::size_t i = 0;
  for (const auto& [name, part] : value.items()) {
    const auto& expected =
      shape.parts.at(shape.what == schema::kind::tuple ? i++ : std::size_t{0});
    if (auto wrong = mismatch(expected, part, where_in(where, name));
        !wrong.empty())
      return wrong;
  }
  return {};
}

}  // namespace

std::string mismatch(const schema& shape, const json& value,
                     const std::string& where) {
  if (value.is_null() && shape.is_nullable)
    return {};
  bool fits = true;
  switch (shape.what) {
    case schema::kind::any:
      break;
    case schema::kind::text:
      fits = value.is_string() && is_of_choices(shape, value);
      break;
    case schema::kind::integer:
      fits = value.is_number_integer() && is_between(shape, value);
      break;
    case schema::kind::number:
      fits = value.is_number();
      break;
    case schema::kind::boolean:
      fits = value.is_boolean();
      break;
    case schema::kind::list:
    case schema::kind::tuple:
    case schema::kind::map:
      return mismatch_in_parts(shape, value, where);
    case schema::kind::object:
      return mismatch_in_object(shape, value, where);
    case schema::kind::any_of:
      fits = std::any_of(
        shape.parts.begin(), shape.parts.end(),
        [&](const schema& part) { return mismatch(part, value).empty(); });
      break;
  }
  return fits ? "" : where;
}

std::string vague_part(const schema& shape, const std::string& where) {
  using kind = schema::kind;
  const bool has_parts = shape.what == kind::list || shape.what == kind::map;
  if (shape.what == kind::any || (has_parts && shape.parts.size() != 1) ||
      (shape.what == kind::tuple && shape.parts.empty()) ||
      (shape.what == kind::any_of && shape.parts.size() < 2) ||
      (shape.what == kind::object && shape.fields.empty()) ||
      shape.minimum > shape.maximum)
    return where;
  for (const auto& part : shape.parts)
    if (auto vague = vague_part(part, where + "[]"); !vague.empty())
      return vague;
  for (const auto& each : shape.fields) {
    auto place = where_in(where, each.name);
    if (each.name.empty() || !each.description.ends_with('.'))
      return place;
    if (auto vague = vague_part(each.shape, place); !vague.empty())
      return vague;
  }
  return {};
}

json example_of(const schema& shape) {
  switch (shape.what) {
    case schema::kind::any:
      return nullptr;
    case schema::kind::text:
      return shape.choices.empty() ? "a" : shape.choices.front();
    case schema::kind::integer:
      return std::max<std::int64_t>(shape.minimum, 0);
    case schema::kind::number:
      return 1.5;
    case schema::kind::boolean:
      return true;
    case schema::kind::list:
      return json::array({example_of(shape.parts.at(0))});
    case schema::kind::map:
      return json{{"a", example_of(shape.parts.at(0))}};
    case schema::kind::any_of:
      return example_of(shape.parts.at(0));
    case schema::kind::tuple:
    case schema::kind::object:
      break;
  }
  auto result =
    shape.what == schema::kind::tuple ? json::array() : json::object();
  for (const auto& part : shape.parts)
    result.push_back(example_of(part));
  for (const auto& each : shape.fields)
    result[each.name] = example_of(each.shape);
  return result;
}

}  // namespace kvc::test
