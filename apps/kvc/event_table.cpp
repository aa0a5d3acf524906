#include "apps/kvc/event_table.hpp"

#include "apps/kvc/printable.hpp"
#include "messages/counted.hpp"

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

/// What the tables of different operations show.
enum class kind : std::uint8_t { health, move, other };

kind kind_of(const json& event) {
  const auto& operation = event.at("operation");
  return operation == "health" ? kind::health
         : operation == "move" ? kind::move
                               : kind::other;
}

std::vector<column> rank_columns(kind of) {
  std::vector<column> result{{"RANK", true}, {"STATE"}};
  if (of == kind::health) {
    result.push_back({"CODE", true});
    return result;
  }
  result.insert(result.end(), {{"TOKENS", true}, {"CHUNKS"}});
  if (of == kind::move)
    result.insert(result.end(), {{"COPIED", true}, {"GB/S", true}});
  else
    result.insert(result.end(), {{"BEFORE", true}, {"AFTER", true}});
  return result;
}

/// Returns how fast a rank copied; "-" if it copied nothing.
std::string speed(const json& rank) {
  if (rank.at("bytes_after") == 0)
    return "-";
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.2f",
                rank.value("gb_per_second", 0.0));
  return buffer.data();
}

row rank_row(const json& rank, kind of) {
  row result{number(rank, "worker_id"), text(rank, "status")};
  if (of == kind::health) {
    result.push_back(number(rank, "error_code"));
    return result;
  }
  result.insert(result.end(), {number(rank, "num_tokens"), outcomes(rank)});
  if (of == kind::move)
    result.insert(result.end(), {size(rank, "bytes_after"), speed(rank)});
  else
    result.insert(result.end(),
                  {size(rank, "bytes_before"), size(rank, "bytes_after")});
  return result;
}

std::string render_ranks(const json& event) {
  const auto& ranks = event.at("workers");
  const auto of = kind_of(event);
  const auto has_errors =
    std::any_of(ranks.begin(), ranks.end(),
                [](const json& rank) { return rank.contains("error"); });
  auto columns = rank_columns(of);
  if (has_errors)
    columns.push_back({"ERROR"});
  std::vector<row> rows;
  for (const auto& rank : ranks) {
    rows.push_back(rank_row(rank, of));
    if (has_errors)
      rows.back().push_back(rank.value("error", std::string{}));
  }
  return render_table(columns, std::move(rows));
}

/// Returns whose chunks an event is about, and of a move where they go.
std::string subject(const json& event) {
  auto result = text(event, "instance_id");
  if (!event.contains("new_position"))
    return result;
  const auto& from = event.at("old_position");
  const auto& to = event.at("new_position");
  if (from.at(1) != to.at(1))
    result += " (" + from.at(1).get<std::string>() + ")";
  result += " to " + to.at(0).get<std::string>();
  if (from.at(1) != to.at(1))
    result += " (" + to.at(1).get<std::string>() + ")";
  return result;
}

}  // namespace

std::string render_event(const json& event) {
  auto headline = text(event, "event_id") + ": " + text(event, "operation") +
                  " of " + subject(event) + ", " + text(event, "status");
  if (event.at("operation") != "health")
    headline +=
      ", " + counted(event.at("num_tokens").get<std::uint64_t>(), "token");
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
