#include "net/http/route.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kvc {

namespace {

/// Removes the first segment with the slash in front of it.
std::string_view take_segment(std::string_view& path) {
  const auto length =
    path.empty() ? 0 : std::min(path.find('/', 1), path.size());
  const auto segment = path.substr(0, length);
  path.remove_prefix(length);
  return segment;
}

/// Whether this segment of a route's path is `/{name}`.
bool is_parameter(std::string_view segment) {
  return segment.starts_with("/{") && segment.ends_with('}');
}

bool segment_fits(std::string_view pattern, std::string_view segment) {
  if (is_parameter(pattern))
    return segment.size() > 1 && segment.front() == '/';
  return is_decoded(segment, pattern);
}

}  // namespace

std::string to_string(http_method method) {
  switch (method) {  // No default, so that -Wswitch reports a missing case.
    case http_method::get:
      return "GET";
    case http_method::post:
      return "POST";
    case http_method::put:
      return "PUT";
    case http_method::remove:
      return "DELETE";
  }
  return {};
}

schema error_schema() {
  const auto complaint = schema::object(
    {{"loc", schema::list(schema::any_of({schema::text(), schema::integer()})),
      "Where: \"body\", \"query\" or \"path\", then the name of the field, "
      "then, in a list, the index."},
     {"msg", schema::text(), "What is wrong."},
     {"type", schema::text(), "A name for that, as pydantic has it."},
     optional_field("input", schema::any(),
                    "What it is about; absent if longer than 1,024 bytes.")},
    "Complaint");
  return schema::object(
    {{"detail", schema::any_of({schema::text(), schema::list(complaint)}),
      "What is wrong: a sentence, or a complaint about each field."}},
    "Error");
}

bool takes_body(const route& entry) {
  return entry.method == http_method::post || entry.method == http_method::put;
}

std::vector<described_answer> answers_of(const route& entry) {
  std::map<unsigned, described_answer> result;
  const auto add = [&](described_answer each) {
    result.emplace(each.status, std::move(each));
  };
  add({200, "Success.", entry.answer});
  for (const auto& other : entry.others)
    add(other);
  if (takes_body(entry)) {
    add({400, "The body is not JSON."});
    add({413, "The body is too long, or has too many elements."});
    add({415, "The body has no content type, or another than those listed."});
  }
  if (entry.changes_state)
    add({403, "A web page of another origin asks."});
  if (!entry.body.empty() || !entry.query.empty() || !entry.parameters.empty())
    add({422, "A field or a parameter is missing or wrong."});
  add({503, "Too busy or not ready; to be asked again after Retry-After."});
  add({504, "Nobody answered in time."});
  std::vector<described_answer> sorted;
  sorted.reserve(result.size());
  for (auto& [status, each] : result)
    sorted.push_back(std::move(each));
  return sorted;
}

bool path_fits(std::string_view pattern, std::string_view path) {
  do {
    if (!segment_fits(take_segment(pattern), take_segment(path)))
      return false;
  } while (!pattern.empty() && !path.empty());
  return pattern.empty() && path.empty();
}

std::string path_value(std::string_view pattern, std::string_view path,
                       std::string_view name) {
  while (!pattern.empty()) {
    const auto expected = take_segment(pattern);
    const auto segment = take_segment(path);
    if (is_parameter(expected) &&
        expected.substr(2, expected.size() - 3) == name)
      return percent_decode(segment.substr(1), false);
  }
  return {};
}

}  // namespace kvc
