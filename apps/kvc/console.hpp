#pragma once

#include "apps/kvc/exit_code.hpp"
#include "net/client/http_client.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <optional>
#include <string>

namespace kvc {

/// A request to the controller.
struct question {
  std::string target;  ///< A route, with its query string if any.
  std::optional<nlohmann::json> body = {};  ///< POSTed if set, else GET.
  bool may_repeat = false;  ///< A POST may be sent twice: it only asks.
  exit_code on_missing = exit_code::refused;  ///< What a 404 means.
};

/// What an answer means to the user.
struct verdict {
  exit_code code = exit_code::ok;
  std::string text;  ///< For standard output; printable.
  std::string note;  ///< For standard error; empty if there is none.
};

/// Makes a verdict of a good answer. May throw nlohmann's exceptions, which say
/// that the answer is not of the expected shape.
using interpreter = std::function<verdict(const nlohmann::ordered_json&)>;

/// What the controller said.
struct answer {
  exit_code code = exit_code::ok;  ///< Else there is no `body`.
  nlohmann::ordered_json body = {};
};

/// Between a command, the controller and the terminal.
class console {
 public:
  /// Shows answers as they came if `as_json`. `controller`, whose answers may
  /// take `timeout`, must outlive the console.
  console(http_client& controller, std::chrono::milliseconds timeout,
          bool as_json)
      : controller_(controller), timeout_(timeout), as_json_(as_json) {}

  /// How long an answer may take.
  std::chrono::milliseconds timeout() const { return timeout_; }

  /// Asks, shows the answer, and returns what to exit with. Throws nlohmann's
  /// exceptions if the answer is not JSON, or not as `interpret` expects it.
  exit_code ask(const question& what, const interpreter& interpret);

  /// Asks; says why if there is no answer, or not a good one. Throws nlohmann's
  /// exceptions if the answer is not JSON.
  answer fetch(const question& what);

  /// Shows what `body` means, or itself, and returns what to exit with.
  exit_code show(const nlohmann::ordered_json& body,
                 const verdict& meaning) const;

 private:
  http_client& controller_;
  std::chrono::milliseconds timeout_;
  bool as_json_;
};

/// Says on standard error what went wrong; returns `code`.
exit_code complain(exit_code code, const std::string& text);

/// As complain(exit_code::usage, detail of the error).
exit_code complain(const caf::error& error);

}  // namespace kvc
