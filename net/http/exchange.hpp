#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvc {

class lane_actor;
struct route;

// An exchange is one request with its answer; this is what handlers see of it.

/// One request. The views are valid until the handler has returned.
struct http_request {
  std::string_view method = {};  ///< Upper case, as sent.
  std::string_view path = {};    ///< As sent, without the query string.
  std::string_view query = {};   ///< Raw, without the '?'; see `parameter`.
  std::string_view host = {};  ///< The field Host: with a port, if it has one.
  std::optional<std::string_view> origin = {};  ///< Of the page that asks.
  std::string_view content_type = {};           ///< Empty when there is none.
  std::string_view body = {};
  /// Whether the handler may take long. Where it may not, it answers
  /// `again_elsewhere()` to be called again on a thread where it may.
  bool may_take_long = true;
  /// Asks actors for the handler; answers arrive on the thread that runs the
  /// handler. Outlives every handler; null only in tests without actors.
  lane_actor* lane = nullptr;
  /// The entry of the route table that serves it; null only in tests.
  const route* entry = nullptr;

  /// Returns the decoded value of a query parameter that the route names, the
  /// last one if repeated.
  std::optional<std::string> parameter(std::string_view name) const;

  /// Returns the decoded value of a parameter of the route's path: 1 to 256
  /// bytes without control characters.
  std::string path_parameter(std::string_view name) const;

  /// Returns the decoded names and values of all query parameters, as often as
  /// they occur.
  std::vector<std::pair<std::string, std::string>> parameters() const;
};

/// The answer to one request.
struct http_response {
  unsigned status = 200;
  std::string body = {};
  std::string_view content_type = "application/json";  ///< A literal.
  /// Names and values, besides Content-Type, Content-Length and Connection.
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Returns `{"detail": "..."}` with this status.
http_response error_response(unsigned status, std::string_view detail);

/// Returns what asks to call the handler again; see http_request.
http_response again_elsewhere();

/// Whether it is what `again_elsewhere` returns.
bool is_again_elsewhere(const http_response& response);

/// Returns error_response(503, detail) with a Retry-After of one second.
http_response unavailable_response(std::string_view detail);

/// Sends the answer to one request. The first answer counts, whichever copy of
/// the responder gives it. If the last copy goes without one, the answer is
/// 500. To be called on the lane's thread.
class responder {
 public:
  using callback = std::function<void(http_response)>;

  /// `on_answer` is called exactly once.
  explicit responder(callback on_answer);

  void operator()(http_response response) const;

 private:
  class state;
  std::shared_ptr<state> state_;
};

/// Decodes %XX and, if `plus_is_space`, '+'. Keeps malformed escapes.
std::string percent_decode(std::string_view text, bool plus_is_space);

/// Whether `text`, with its %XX decoded, is `decoded`. Allocates nothing.
bool is_decoded(std::string_view text, std::string_view decoded);

}  // namespace kvc
