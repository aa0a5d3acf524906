#include "net/http/openapi.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <cctype>
#include <string_view>
#include <utility>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

/// Returns "get_controller_workers" for GET /controller/workers.
std::string operation_id(const route& entry) {
  std::string result;
  for (const char c : to_string(entry.method) + entry.path)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    else if (!result.ends_with('_'))
      result += '_';
  return result.ends_with('_') ? result.substr(0, result.size() - 1) : result;
}

/// Writes shapes as JSON Schema and collects the objects that have names.
class schema_writer {
 public:
  json write(const schema& shape) {
    auto result = shape.name.empty() ? write_inline(shape) : refer_to(shape);
    if (!shape.is_nullable)
      return result;
    if (result.contains("type") && !result.contains("enum"))
      result["type"] = {result["type"], "null"};
    else
      result = {{"anyOf", {std::move(result), {{"type", "null"}}}}};
    return result;
  }

  json object(std::span<const field> fields) {
    json result{{"type", "object"}, {"properties", json::object()}};
    for (const auto& each : fields) {
      auto& property = result["properties"][each.name] = write(each.shape);
      property["description"] = each.description;
      if (each.is_required)
        result["required"].push_back(each.name);
    }
    return result;
  }

  json take_components() { return std::move(components_); }

 private:
  json refer_to(const schema& shape) {
    auto written = object(shape.fields);
    assert(!components_.contains(shape.name) ||
           components_[shape.name] == written);
    components_[shape.name] = std::move(written);
    return {{"$ref", "#/components/schemas/" + shape.name}};
  }

  json write_inline(const schema& shape) {
    switch (shape.what) {  // No default: -Wswitch reports a missing case.
      case schema::kind::any:
        return json::object();
      case schema::kind::text:
        return text(shape);
      case schema::kind::integer:
        return integer(shape);
      case schema::kind::number:
        return {{"type", "number"}};
      case schema::kind::boolean:
        return {{"type", "boolean"}};
      case schema::kind::list:
        return {{"type", "array"}, {"items", write(shape.parts.at(0))}};
      case schema::kind::tuple:
        return {{"type", "array"},
                {"prefixItems", all(shape.parts)},
                {"minItems", shape.parts.size()},
                {"maxItems", shape.parts.size()}};
      case schema::kind::map:
        return {{"type", "object"},
                {"additionalProperties", write(shape.parts.at(0))}};
      case schema::kind::object:
        return object(shape.fields);
      case schema::kind::any_of:
        return {{"anyOf", all(shape.parts)}};
    }
    return {};
  }

  static json text(const schema& shape) {
    json result{{"type", "string"}};
    if (!shape.choices.empty())
      result["enum"] = shape.choices;
    return result;
  }

  static json integer(const schema& shape) {
    json result{{"type", "integer"}};
    if (shape.minimum != schema::no_minimum)
      result["minimum"] = shape.minimum;
    if (shape.maximum != schema::no_maximum)
      result["maximum"] = shape.maximum;
    return result;
  }

  json all(std::span<const schema> parts) {
    auto result = json::array();
    for (const auto& part : parts)
      result.push_back(write(part));
    return result;
  }

  json components_ = json::object();
};

void add_parameters(json& operation, std::span<const field> parameters,
                    std::string_view where, schema_writer& writer) {
  for (const auto& each : parameters)
    operation["parameters"].push_back({{"name", each.name},
                                       {"in", where},
                                       {"description", each.description},
                                       {"required", each.is_required},
                                       {"schema", writer.write(each.shape)}});
}

json request_body(const route& entry, schema_writer& writer) {
  json content{{"application/json", {{"schema", writer.object(entry.body)}}}};
  if (entry.takes_binary)
    content["application/octet-stream"]["schema"] = {{"type", "string"},
                                                     {"format", "binary"}};
  return {{"required", true}, {"content", std::move(content)}};
}

json responses(const route& entry, schema_writer& writer) {
  auto result = json::object();
  for (const auto& each : answers_of(entry)) {
    auto type = each.status == 200 ? entry.answer_type : "application/json";
    type = type.substr(0, type.find(';'));
    result[std::to_string(each.status)] = {
      {"description", each.description},
      {"content", {{type, {{"schema", writer.write(each.shape)}}}}}};
  }
  return result;
}

}  // namespace

std::string openapi_document(std::span<const route> routes) {
  schema_writer writer;
  auto paths = json::object();
  for (const auto& entry : routes) {
    json operation{{"operationId", operation_id(entry)},
                   {"summary", entry.summary}};
    add_parameters(operation, entry.parameters, "path", writer);
    add_parameters(operation, entry.query, "query", writer);
    if (takes_body(entry))
      operation["requestBody"] = request_body(entry, writer);
    operation["responses"] = responses(entry, writer);
    auto method = to_string(entry.method);
    std::transform(method.begin(), method.end(), method.begin(), [](char c) {
      return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    paths[entry.path][method] = std::move(operation);
  }
  return json{{"openapi", "3.1.0"},
              {"info", {{"title", "kvc controller"}, {"version", "0.1.0"}}},
              {"paths", std::move(paths)},
              {"components", {{"schemas", writer.take_components()}}}}
    .dump();
}

}  // namespace kvc
