#include "apps/kvc/commands.hpp"
#include "apps/kvc/printable.hpp"
#include "config/host_address.hpp"
#include "net/client/http_url.hpp"

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

/// Null stands for what nobody knows.
std::string number(const json& value) {
  return value.is_null() ? "-" : std::to_string(value.get<std::int64_t>());
}

std::string address(const json& worker) {
  return to_string(host_and_port{worker.at("ip").get<std::string>(),
                                 worker.at("port").get<std::uint16_t>()});
}

/// Renders how full a location is; "-" where the worker has none.
std::string usage(const json& worker, const char* location) {
  const auto place = json::json_pointer{std::string{"/locations/"} + location};
  if (!worker.contains(place))
    return "-";
  const auto capacity = worker[place].value("capacity_bytes", std::uint64_t{0});
  if (capacity == 0)
    return "-";
  return render_bytes(worker[place].value("used_bytes", std::uint64_t{0})) +
         " of " + render_bytes(capacity);
}

/// Adds the ranks that an instance has announced, but that did not register.
void add_missing(const json& answer,
                 std::vector<std::vector<std::string>>& rows) {
  for (const auto& missing : answer.value("missing", json::array()))
    rows.push_back({missing.at("instance_id").get<std::string>(),
                    number(missing.at("worker_id")), "not registered", "-", "-",
                    "-", "-", "-"});
}

verdict judge_workers(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& worker : answer.at("workers"))
    rows.push_back(
      {worker.at("instance_id").get<std::string>(),
       number(worker.at("worker_id")), address(worker),
       number(worker.at("key_count")), usage(worker, "LocalCPUBackend"),
       usage(worker, "LocalDiskBackend"),
       render_time(worker.at("registration_time").get<double>()),
       render_time(worker.at("last_heartbeat_time").get<double>())});
  add_missing(answer, rows);
  if (rows.empty())
    return {exit_code::nothing, {}, "no workers"};
  return {exit_code::ok,
          render_table({{"INSTANCE"},
                        {"RANK", true},
                        {"ADDRESS"},
                        {"CHUNKS", true},
                        {"CPU", true},
                        {"DISK", true},
                        {"REGISTERED (UTC)"},
                        {"LAST SEEN (UTC)"}},
                       std::move(rows)),
          {}};
}

verdict judge_rejected(const json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& refused : answer.at("rejected"))
    rows.push_back(
      {refused.at("instance_id").is_null()
         ? "-"
         : refused.at("instance_id").get<std::string>(),
       number(refused.at("worker_id")), refused.at("ip").get<std::string>(),
       render_time(refused.at("last_time").get<double>()),
       number(refused.at("count")), refused.at("reason").get<std::string>(),
       refused.at("detail").get<std::string>()});
  if (rows.empty())
    return {exit_code::nothing, {}, "no worker was refused in the last hour"};
  return {exit_code::ok,
          render_table({{"INSTANCE"},
                        {"RANK", true},
                        {"IP"},
                        {"LAST (UTC)"},
                        {"TIMES", true},
                        {"REASON"},
                        {"DETAIL"}},
                       std::move(rows)),
          {}};
}

}  // namespace

exit_code show_workers(console& terminal, const workers_arguments& arguments) {
  const std::string route = "/controller/workers";
  if (arguments.wants_rejected)
    return terminal.ask({route + "?rejected=1"}, judge_rejected);
  if (arguments.instance.empty())
    return terminal.ask({route}, judge_workers);
  return terminal.ask(
    {.target = route + "?instance_id=" + percent_encode(arguments.instance),
     .on_missing = exit_code::nothing},
    judge_workers);
}

}  // namespace kvc
