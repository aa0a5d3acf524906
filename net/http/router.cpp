#include "net/http/router.hpp"

#include "messages/repeated_log.hpp"
#include "net/http/origin.hpp"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace kvc {

namespace {

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](unsigned char a, unsigned char b) {
                      return std::tolower(a) == std::tolower(b);
                    });
}

std::string_view without_parameters(std::string_view content_type) {
  auto type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && type.back() == ' ')
    type.remove_suffix(1);
  return type;
}

/// Accepts "application/json" and "application/<anything>+json", in any case
/// and with any parameters.
bool is_json(std::string_view content_type) {
  auto type = without_parameters(content_type);
  constexpr std::string_view prefix = "application/";
  if (!equal_ignoring_case(type.substr(0, prefix.size()), prefix))
    return false;
  type.remove_prefix(prefix.size());
  const auto plus = type.rfind('+');
  if (plus != std::string_view::npos)
    type.remove_prefix(plus + 1);
  return equal_ignoring_case(type, "json");
}

bool serves(http_method method, std::string_view name) {
  switch (method) {
    case http_method::get:
      return name == "GET" || name == "HEAD";
    case http_method::post:
      return name == "POST";
    case http_method::put:
      return name == "PUT";
    case http_method::remove:
      return name == "DELETE";
  }
  return false;
}

bool takes(const route& entry, std::string_view content_type) {
  return !takes_body(entry) || is_json(content_type) ||
         (entry.takes_binary && is_binary(content_type));
}

/// Whether a request for `path` is for the route of `pattern`, if the method is
/// right.
bool leads_to(std::string_view path, std::string_view pattern) {
  return is_decoded(path, pattern) || path_fits(pattern, path);
}

/// Sends who asks for "/lookup/" to "/lookup", as FastAPI does, with the same
/// method and body.
http_response redirect(std::span<const route> routes,
                       const http_request& request) {
  const auto length = request.path.find_last_not_of('/') + 1;
  const auto path = request.path.substr(0, length);
  if (length == request.path.size() ||
      std::none_of(routes.begin(), routes.end(), [=](const route& entry) {
        return leads_to(path, entry.path);
      }))
    return error_response(404, "Not Found");
  std::string place{path};
  if (!request.query.empty())
    place.append("?").append(request.query);
  auto response = error_response(307, "Temporary Redirect");
  response.headers.emplace_back("Location", std::move(place));
  return response;
}

http_response refuse_method(std::span<const route> routes,
                            const http_request& request) {
  const auto path = request.path;
  std::string allowed;
  for (const auto& entry : routes)
    if (leads_to(path, entry.path)) {
      allowed += allowed.empty() ? "" : ", ";
      allowed += to_string(entry.method);
      allowed += entry.method == http_method::get ? ", HEAD" : "";
    }
  if (allowed.empty())
    return redirect(routes, request);
  auto response = error_response(405, "Method Not Allowed");
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

/// Returns the answer to a request with a path that nothing can be named by.
std::optional<http_response> refuse_parameters(const route& entry,
                                               std::string_view path) {
  constexpr std::size_t max_bytes = 256;
  for (const auto& parameter : entry.parameters) {
    const auto value = path_value(entry.path, path, parameter.name);
    if (value.size() > max_bytes ||
        std::any_of(value.begin(), value.end(),
                    [](unsigned char c) { return std::iscntrl(c) != 0; }))
      return error_response(422, parameter.name +
                                   " in the path: at most 256 bytes, without "
                                   "control characters");
  }
  return {};
}

http_response refuse_content_type(const route& entry) {
  return error_response(
    415, std::string{"Unsupported Media Type: send application/json"} +
           (entry.takes_binary ? " or application/octet-stream" : ""));
}

}  // namespace

bool is_binary(std::string_view content_type) {
  return equal_ignoring_case(without_parameters(content_type),
                             "application/octet-stream");
}

void router::add(route entry) {
  assert(std::none_of(routes_.begin(), routes_.end(), [&](const route& other) {
    return other.method == entry.method && path_fits(other.path, entry.path) &&
           path_fits(entry.path, other.path);
  }));
  routes_.push_back(std::move(entry));
}

std::size_t router::find(const http_request& request) const {
  const auto first = [&](auto fits) {
    const auto found =
      std::find_if(routes_.begin(), routes_.end(), [&](const route& entry) {
        return fits(entry.path) && serves(entry.method, request.method);
      });
    return static_cast<std::size_t>(found - routes_.begin());
  };
  const auto path = request.path;
  auto index = first([=](std::string_view x) { return x == path; });
  if (index == routes_.size())
    index = first([=](std::string_view x) { return is_decoded(path, x); });
  if (index == routes_.size())
    index = first([=](std::string_view x) { return path_fits(x, path); });
  return index;
}

void router::dispatch(std::size_t index, http_request request,
                      const responder& respond) const {
  if (index >= routes_.size())
    return respond(refuse_method(routes_, request));
  const auto& entry = routes_[index];
  if (!takes(entry, request.content_type))
    return respond(refuse_content_type(entry));
  if (entry.changes_state && request.origin &&
      !may_change_state(*request.origin, request.host, allowed_origins_))
    return respond(error_response(
      403,
      "A web page of another origin may change nothing here; see "
      "allowed_origins in the configuration"));
  if (auto refusal = refuse_parameters(entry, request.path))
    return respond(std::move(*refusal));
  request.entry = &entry;
  try {
    entry.handler(request, respond);
  } catch (const std::exception& error) {
    warn_repeated(
      "http: failed route=" + entry.path,
      "method=" + std::string{request.method} + " reason=" + error.what());
    respond(error_response(500, "Internal Server Error"));
  }
}

}  // namespace kvc
