#include "net/http/router.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>
#include <cctype>
#include <exception>

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
  }
  return false;
}

bool takes(const route& entry, std::string_view content_type) {
  return entry.method != http_method::post || content_type.empty() ||
         is_json(content_type) ||
         (entry.takes_binary && is_binary(content_type));
}

http_response refuse_method(std::span<const route> routes,
                            std::string_view path) {
  std::string allowed;
  for (const auto& entry : routes)
    if (entry.path == path) {
      allowed += allowed.empty() ? "" : ", ";
      allowed += entry.method == http_method::get ? "GET, HEAD" : "POST";
    }
  if (allowed.empty())
    return error_response(404, "Not Found");
  auto response = error_response(405, "Method Not Allowed");
  response.headers.emplace_back("Allow", std::move(allowed));
  return response;
}

}  // namespace

bool is_binary(std::string_view content_type) {
  return equal_ignoring_case(without_parameters(content_type),
                             "application/octet-stream");
}

void router::add(route entry) {
  assert(std::none_of(routes_.begin(), routes_.end(), [&](const route& other) {
    return other.method == entry.method && other.path == entry.path;
  }));
  routes_.push_back(std::move(entry));
}

std::size_t router::find(const http_request& request) const {
  const auto found =
    std::find_if(routes_.begin(), routes_.end(), [&](const route& entry) {
      return entry.path == request.path && serves(entry.method, request.method);
    });
  return static_cast<std::size_t>(found - routes_.begin());
}

void router::dispatch(std::size_t index, const http_request& request,
                      const responder& respond) const {
  if (index >= routes_.size()) {
    respond(refuse_method(routes_, request.path));
    return;
  }
  const auto& entry = routes_[index];
  if (!takes(entry, request.content_type)) {
    respond(error_response(415, entry.takes_binary
                                  ? "Unsupported Media Type: send "
                                    "application/json or "
                                    "application/octet-stream"
                                  : "Unsupported Media Type: send "
                                    "application/json"));
    return;
  }
  try {
    entry.handler(request, respond);
  } catch (const std::exception& error) {
    spdlog::error("http: {} {} failed: {}", request.method, entry.path,
                  error.what());
    respond(error_response(500, "Internal Server Error"));
  }
}

}  // namespace kvc
