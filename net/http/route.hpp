#pragma once

#include "net/http/exchange.hpp"
#include "net/http/schema.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

enum class http_method : std::uint8_t {
  get,     ///< Serves HEAD too.
  post,    ///< Takes a JSON body.
  put,     ///< Takes a JSON body.
  remove,  ///< DELETE; takes no body.
};

/// Returns the method as HTTP writes it: "GET".
std::string to_string(http_method method);

/// Runs on a lane's thread, must not block, and answers now or later.
using http_handler = std::function<void(const http_request&, responder)>;

/// Returns the shape of every error's body: `{"detail": ...}`.
schema error_schema();

/// One kind of answer of a route.
struct described_answer {
  unsigned status = 200;
  std::string description;
  schema shape = error_schema();
};

/// One entry of the route table. Whatever it says is served and described;
/// handlers read no field that it does not name.
struct route {
  http_method method = http_method::get;

  /// A segment in braces takes any text: `/instances/{id}/heartbeat`.
  std::string path = {};

  std::string summary = {};            ///< One sentence.
  std::vector<field> parameters = {};  ///< The names in braces of the path.
  std::vector<field> query = {};       ///< Of the query string.
  std::vector<field> body = {};        ///< Of POST and PUT.
  bool takes_binary = false;           ///< Also application/octet-stream.
  bool changes_state = false;  ///< Not for pages of other origins; see router.
  schema answer = {};          ///< Of status 200.
  std::vector<described_answer> others = {};  ///< Beside the usual errors.
  std::string_view answer_type = "application/json";  ///< Of status 200.
  http_handler handler = {};
};

/// Whether the body of a request to this route means anything.
bool takes_body(const route& entry);

/// Returns all that a route may answer, the usual errors included, by status.
std::vector<described_answer> answers_of(const route& entry);

/// Whether a path of a request, as sent, fits a route's path.
bool path_fits(std::string_view pattern, std::string_view path);

/// Returns the decoded text that stands for `{name}` in a path that fits.
std::string path_value(std::string_view pattern, std::string_view path,
                       std::string_view name);

}  // namespace kvc
