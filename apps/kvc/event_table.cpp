#include "apps/kvc/event_table.hpp"

#include "apps/kvc/printable.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;
using row = std::vector<std::string>;

std::string text(const json& object, const char* name) {
  return object.at(name).get<std::string>();
}

std::string number(const json& object, const char* name) {
  return std::to_string(object.at(name).get<std::int64_t>());
}

std::string size(const json& object, const char* name) {
  return render_bytes(object.at(name).get<std::uint64_t>());
}

/// Returns how long the event took; "-" while it runs.
std::string duration(const json& event) {
  if (event.at("finished_at").is_null())
    return "-";
  const auto seconds = event.at("finished_at").get<double>() -
                       event.at("started_at").get<double>();
  std::array<char, 64> buffer{};
  if (seconds < 1)
    std::snprintf(buffer.data(), buffer.size(), "%.0f ms", seconds * 1000);
  else
    std::snprintf(buffer.data(), buffer.size(), "%.1f s", seconds);
  return buffer.data();
}

/// Returns, say, "5 done, 3 pinned", and of how many while there are more.
std::string outcomes(const json& rank) {
  std::string result;
  for (const auto& [outcome, count] : rank.at("chunks").items()) {
    result += result.empty() ? "" : ", ";
    result += std::to_string(count.get<std::uint64_t>()) + ' ' + outcome;
  }
  const auto planned = rank.at("chunks_planned").get<std::uint64_t>();
  if (rank.at("chunks_done").get<std::uint64_t>() >= planned)
    return result.empty() ? "-" : result;
  if (result.empty())
    result = "0";
  return result + " of " + std::to_string(planned);
}

std::vector<column> rank_columns(bool is_health) {
  if (is_health)
    return {{"RANK", true}, {"STATE"}, {"CODE", true}};
  return {{"RANK", true}, {"STATE"},        {"TOKENS", true},
          {"CHUNKS"},     {"BEFORE", true}, {"AFTER", true}};
}

row rank_row(const json& rank, bool is_health) {
  row result{number(rank, "worker_id"), text(rank, "status")};
  if (is_health) {
    result.push_back(number(rank, "error_code"));
    return result;
  }
  result.insert(result.end(),
                {number(rank, "num_tokens"), outcomes(rank),
                 size(rank, "bytes_before"), size(rank, "bytes_after")});
  return result;
}

std::string render_ranks(const json& event) {
  const auto& ranks = event.at("workers");
  const auto is_health = event.at("operation") == "health";
  const auto has_errors =
    std::any_of(ranks.begin(), ranks.end(),
                [](const json& rank) { return rank.contains("error"); });
  auto columns = rank_columns(is_health);
  if (has_errors)
    columns.push_back({"ERROR"});
  std::vector<row> rows;
  for (const auto& rank : ranks) {
    rows.push_back(rank_row(rank, is_health));
    if (has_errors)
      rows.back().push_back(rank.value("error", std::string{}));
  }
  return render_table(columns, std::move(rows));
}

}  // namespace

std::string render_event(const json& event) {
  auto headline = text(event, "event_id") + ": " + text(event, "operation") +
                  " of " + text(event, "instance_id") + ", " +
                  text(event, "status");
  if (event.at("operation") != "health")
    headline += ", " + number(event, "num_tokens") + " tokens";
  if (!event.at("finished_at").is_null())
    headline += ", " + duration(event);
  return printable(headline) + '\n' + render_ranks(event);
}

std::string render_events(const json& events) {
  std::vector<row> rows;
  for (const auto& event : events)
    rows.push_back(
      {text(event, "event_id"), text(event, "operation"),
       text(event, "instance_id"), text(event, "status"),
       number(event, "num_tokens"),
       number(event, "chunks_done") + " of " + number(event, "chunks_planned"),
       render_time(event.at("started_at").get<double>()), duration(event)});
  return render_table({{"EVENT"},
                       {"OPERATION"},
                       {"INSTANCE"},
                       {"STATE"},
                       {"TOKENS", true},
                       {"CHUNKS", true},
                       {"STARTED (UTC)"},
                       {"TOOK", true}},
                      std::move(rows));
}

}  // namespace kvc
