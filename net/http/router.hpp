#pragma once

#include "net/http/exchange.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

enum class http_method : std::uint8_t {
  get,   ///< Serves HEAD too.
  post,  ///< Takes a JSON body.
};

/// Runs on a lane's thread, must not block, and answers now or later.
using http_handler = std::function<void(const http_request&, responder)>;

/// One entry of the route table.
struct route {
  http_method method = http_method::get;
  std::string path = {};
  std::string summary = {};                  ///< One sentence for openapi.json.
  std::vector<std::string> parameters = {};  ///< Of the query string.
  http_handler handler = {};
};

/// The one table of what a server answers. Immutable once a server has it.
class router {
 public:
  /// Adds an entry. The pair of method and path must be new.
  void add(route entry);

  std::span<const route> routes() const { return routes_; }

  /// Finds the handler and runs it. Unknown paths, methods and content types,
  /// and exceptions of handlers, are answered here.
  void dispatch(const http_request& request, const responder& respond) const;

 private:
  std::vector<route> routes_;
};

/// Describes `routes` as an OpenAPI 3.1 document, in JSON.
std::string openapi_document(std::span<const route> routes);

}  // namespace kvc
