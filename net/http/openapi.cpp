#include "net/http/router.hpp"

#include <nlohmann/json.hpp>

namespace kvc {

std::string openapi_document(std::span<const route> routes) {
  using json = nlohmann::ordered_json;
  json paths = json::object();
  for (const auto& entry : routes) {
    json operation = {{"summary", entry.summary}};
    const json any = {{"application/json", {{"schema", {{"type", "object"}}}}}};
    if (entry.method == http_method::post)
      operation["requestBody"] = {{"required", true}, {"content", any}};
    if (entry.takes_binary)
      operation["requestBody"]["content"]["application/octet-stream"] = {
        {"schema", {{"type", "string"}, {"format", "binary"}}}};
    for (const auto& parameter : entry.parameters)
      operation["parameters"].push_back({{"name", parameter},
                                         {"in", "query"},
                                         {"schema", {{"type", "string"}}}});
    operation["responses"]["200"] = {{"description", "Success"},
                                     {"content", any}};
    paths[entry.path][entry.method == http_method::get ? "get" : "post"] =
      std::move(operation);
  }
  return json{{"openapi", "3.1.0"},
              {"info", {{"title", "kvc controller"}, {"version", "0.1.0"}}},
              {"paths", std::move(paths)}}
    .dump();
}

}  // namespace kvc
