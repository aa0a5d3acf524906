#include "apps/kvc/commands.hpp"
#include "apps/kvc/printable.hpp"

#include <algorithm>
#include <array>

namespace kvc {

namespace {

std::string describe_code(std::int64_t code) {
  struct meaning {
    std::int64_t code;
    const char* text;
  };
  static constexpr std::array<meaning, 8> meanings{
    {{0, "healthy"},
     {-1, "memory check failed"},
     {-1001, "worker answered an error"},
     {-1002, "unexpected answer"},
     {-1003, "undecodable answer"},
     {-1004, "no answer in time"},
     {-1005, "connection lost"},
     {-1006, "announced, but not registered"}}};
  const auto* found =
    std::find_if(meanings.begin(), meanings.end(),
                 [code](const meaning& each) { return each.code == code; });
  return found == meanings.end() ? "unhealthy" : found->text;
}

verdict judge_health(const nlohmann::ordered_json& answer) {
  if (answer.value("status", "") == "running")
    return {exit_code::running,
            {},
            "some ranks have not answered yet: kvc wait " +
              answer.at("event_id").get<std::string>() + " waits for them"};
  std::vector<std::vector<std::string>> rows;
  bool is_healthy = true;
  for (const auto& [rank, value] : answer.at("error_codes").items()) {
    const auto code = value.get<std::int64_t>();
    is_healthy = is_healthy && code == 0;
    rows.push_back({rank, std::to_string(code), describe_code(code)});
  }
  if (rows.empty())
    return {exit_code::nothing, {}, "the instance has no workers"};
  return {
    is_healthy ? exit_code::ok : exit_code::nothing,
    render_table({{"RANK", true}, {"CODE", true}, {"STATE"}}, std::move(rows)),
    {}};
}

}  // namespace

exit_code check_health(console& terminal, const health_arguments& arguments) {
  return terminal.ask(
    {'/' + arguments.operation, {{{"instance_id", arguments.instance}}}},
    judge_health);
}

}  // namespace kvc
