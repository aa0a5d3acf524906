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
  bool takes_binary = false;  ///< POST: application/octet-stream, too.
};

/// Whether a content type is application/octet-stream, in any case and with
/// any parameters.
bool is_binary(std::string_view content_type);

/// The one table of what a server answers. Immutable once a server has it.
class router {
 public:
  /// Adds an entry. The pair of method and path must be new.
  void add(route entry);

  std::span<const route> routes() const { return routes_; }

  /// Returns the index of the request's route, or the number of routes if it
  /// has none.
  std::size_t find(const http_request& request) const;

  /// Runs the handler of route `index`, which `find` returned. Unknown paths,
  /// methods and content types, and exceptions of handlers, are answered here.
  void dispatch(std::size_t index, const http_request& request,
                const responder& respond) const;

 private:
  std::vector<route> routes_;
};

/// Describes `routes` as an OpenAPI 3.1 document, in JSON.
std::string openapi_document(std::span<const route> routes);

}  // namespace kvc
