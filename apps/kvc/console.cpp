#include "apps/kvc/console.hpp"

#include "apps/kvc/printable.hpp"
#include "messages/errors.hpp"

#include <iostream>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

/// An argument may be anything but UTF-8, which then names nothing.
std::string render(const nlohmann::json& body) {
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Renders one entry of a 422's list: "body.tokens.3: what is wrong".
std::string describe_complaint(const json& entry) {
  if (!entry.is_object() || !entry.contains("loc") || !entry.contains("msg"))
    return entry.dump();
  std::string place;
  for (const auto& step : entry["loc"]) {
    place += place.empty() ? "" : ".";
    place += step.is_string() ? step.get<std::string>() : step.dump();
  }
  const auto& message = entry["msg"];
  return place + ": " +
         (message.is_string() ? message.get<std::string>() : message.dump());
}

std::string describe_refusal(const std::string& body) {
  const auto document = json::parse(body, nullptr, false);
  if (!document.is_object() || !document.contains("detail"))
    return body.substr(0, 200);
  const auto& detail = document["detail"];
  if (detail.is_string())
    return detail.get<std::string>();
  if (!detail.is_array())
    return detail.dump();
  std::string result;
  for (const auto& entry : detail) {
    result += result.empty() ? "" : "; ";
    result += describe_complaint(entry);
  }
  return result;
}

}  // namespace

exit_code console::ask(const question& what, const interpreter& interpret) {
  const auto got = fetch(what);
  return got.code == exit_code::ok ? show(got.body, interpret(got.body))
                                   : got.code;
}

answer console::fetch(const question& what) {
  const auto reply = !what.body ? controller_.get(what.target)
                     : what.may_repeat
                       ? controller_.query(what.target, render(*what.body))
                       : controller_.post(what.target, render(*what.body));
  if (!reply)
    return {complain(exit_code::unreachable, describe(reply.error()))};
  constexpr unsigned missing = 404;
  if (reply->status < 200 || reply->status > 299)
    return {
      complain(reply->status == missing ? what.on_missing : exit_code::refused,
               "the controller answered " + std::to_string(reply->status) +
                 ": " + describe_refusal(reply->body))};
  return {exit_code::ok, json::parse(reply->body)};
}

exit_code console::show(const nlohmann::ordered_json& body,
                        const verdict& meaning) const {
  if (as_json_)
    std::cout << body.dump(-1, ' ', true) << '\n';
  else
    std::cout << meaning.text;
  if (!meaning.note.empty())
    return complain(meaning.code, meaning.note);
  return meaning.code;
}

exit_code complain(exit_code code, const std::string& text) {
  std::cerr << "kvc: " << printable(text) << '\n';
  return code;
}

exit_code complain(const caf::error& error) {
  const auto& context = error.context();
  return complain(exit_code::usage, context.match_elements<std::string>()
                                      ? context.get_as<std::string>(0)
                                      : describe(error));
}

}  // namespace kvc
