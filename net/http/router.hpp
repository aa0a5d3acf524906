#pragma once

#include "net/http/exchange.hpp"
#include "net/http/route.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvc {

/// Whether a content type is application/octet-stream. Case and parameters do
/// not matter.
bool is_binary(std::string_view content_type);

/// The route table: all that a server answers. Does not change once a server
/// has it.
class router {
 public:
  router() = default;

  /// A web page may change state if it was loaded from the address that it asks
  /// (a name could be anybody's), or from one of these origins.
  explicit router(std::vector<std::string> allowed_origins)
      : allowed_origins_(std::move(allowed_origins)) {}

  /// Adds an entry. No other entry of its method may have the same path, or one
  /// that differs in the names of parameters alone.
  void add(route entry);

  std::span<const route> routes() const { return routes_; }

  /// Returns the index of the request's route, or the number of routes if it
  /// has none. A path without parameters goes before one with them.
  std::size_t find(const http_request& request) const;

  /// Runs the handler of route `index`, which `find` returned. Unknown paths,
  /// paths with slashes behind them, unknown methods and content types, foreign
  /// web pages, path parameters beyond their limits, and exceptions of handlers
  /// are answered here.
  void dispatch(std::size_t index, http_request request,
                const responder& respond) const;

 private:
  std::vector<std::string> allowed_origins_;
  std::vector<route> routes_;
};

}  // namespace kvc
