#include "net/http/event_json.hpp"

#include "net/http/route_groups.hpp"

#include <algorithm>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

json seconds(std::int64_t ms) {
  return ms == 0 ? json{} : json(static_cast<double>(ms) / 1e3);
}

bool has_answered(const rank_status& rank) {
  return rank.state == event_state::finished ||
         rank.state == event_state::cancelled;
}

/// Says what became of the chunks, as far as there were any such.
json outcomes_json(const command_tally& tally) {
  auto result = json::object();
  for (std::size_t i = 0; i < chunk_outcome_count; ++i)
    if (tally.chunks[i] > 0)
      result[to_string(static_cast<chunk_outcome>(i))] = tally.chunks[i];
  return result;
}

json rank_json(const event_status& event, const rank_status& rank) {
  json result{{"instance_id", event.instance},
              {"worker_id", rank.rank},
              {"status", to_string(rank.state)},
              {"num_tokens", rank.tally.tokens}};
  if (!rank.error.empty())
    result["error"] = rank.error;
  if (event.what == operation::health) {
    result["error_code"] = rank.code;
    return result;
  }
  result["chunks_done"] = rank.tally.finished();
  result["chunks_planned"] = rank.tally.planned;
  result["chunks"] = outcomes_json(rank.tally);
  result["bytes_before"] = rank.tally.bytes_before;
  result["bytes_after"] = rank.tally.bytes_after;
  return result;
}

json ranks_json(const event_status& event) {
  auto result = json::array();
  for (const auto& rank : event.ranks)
    result.push_back(rank_json(event, rank));
  return result;
}

std::uint64_t sum(const event_status& event, chunk_outcome outcome) {
  std::uint64_t result = 0;
  for (const auto& rank : event.ranks)
    result += rank.tally.of(outcome);
  return result;
}

bool do_ranks_disagree(const event_status& event) {
  const auto differs = [&](const rank_status& x) {
    return has_answered(x) && x.tally.tokens != event.tokens;
  };
  return std::any_of(event.ranks.begin(), event.ranks.end(), differs);
}

/// What a user should know beside the number of tokens; may be empty.
std::string remarks(const event_status& event) {
  const auto unchanged = event.what == operation::compress
                           ? "already compressed so"
                         : event.what == operation::unpin ? "not pinned"
                                                          : "not compressed";
  const std::array<std::pair<chunk_outcome, const char*>, 7> texts{{
    {chunk_outcome::unchanged, unchanged},
    {chunk_outcome::pinned, "pinned, skipped"},
    {chunk_outcome::in_use, "in use, skipped"},
    {chunk_outcome::incompressible, "incompressible, left as they are"},
    {chunk_outcome::no_room, "left as they are for want of room"},
    {chunk_outcome::unsuitable, "not of a dtype and shape for this method"},
    {chunk_outcome::failed, "unreadable"},
  }};
  std::string result;
  for (const auto& [outcome, text] : texts) {
    if (const auto count = sum(event, outcome); count > 0)
      result += (result.empty() ? "" : "; ") + std::to_string(count) +
                " chunks " + text;
  }
  return result;
}

http_response with_status(http_response response, unsigned status) {
  response.status = status;
  return response;
}

json health_json(const event_status& event) {
  auto codes = json::object();
  for (const auto& rank : event.ranks)
    codes[std::to_string(rank.rank)] = rank.code;
  return {{"event_id", event.event_id}, {"error_codes", std::move(codes)}};
}

/// Adds what a user should know of an event that has ended.
void add_notes(json& body, const event_status& event) {
  if (const auto text = remarks(event); !text.empty())
    body["message"] = text;
  if (do_ranks_disagree(event))
    body["ranks_disagree"] = true;
}

http_response finished_response(const event_status& event) {
  json body{{"event_id", event.event_id},
            {"num_tokens", event.tokens},
            {"workers", ranks_json(event)}};
  add_notes(body, event);
  return json_response(body);
}

http_response unfinished_response(const event_status& event) {
  const auto is_silent = [](const rank_status& x) {
    return x.code == rank_code::silent;
  };
  const auto all_silent =
    std::all_of(event.ranks.begin(), event.ranks.end(), is_silent);
  const auto status = event.state == event_state::cancelled ? 409U
                      : all_silent                          ? 504U
                                                            : 502U;
  return with_status(json_response({{"detail", ranks_json(event)},
                                    {"event_id", event.event_id},
                                    {"status", to_string(event.state)},
                                    {"num_tokens", event.tokens}}),
                     status);
}

}  // namespace

json event_json(const event_status& event) {
  json result{{"event_id", event.event_id},
              {"operation", to_string(event.what)},
              {"instance_id", event.instance},
              {"status", to_string(event.state)},
              {"num_tokens", event.tokens},
              {"started_at", seconds(event.started_at_ms)},
              {"finished_at", seconds(event.finished_at_ms)}};
  std::uint64_t done = 0;
  std::uint64_t planned = 0;
  for (const auto& rank : event.ranks) {
    done += rank.tally.finished();
    planned += rank.tally.planned;
  }
  result["chunks_done"] = done;
  result["chunks_planned"] = planned;
  result["workers"] = ranks_json(event);
  if (event.state != event_state::running)
    add_notes(result, event);
  return result;
}

http_response response_for_event(const event_status& event) {
  if (event.state == event_state::running)
    return with_status(json_response({{"event_id", event.event_id},
                                      {"status", to_string(event.state)}}),
                       202);
  if (event.what == operation::health)
    return json_response(health_json(event));
  return event.state == event_state::finished ? finished_response(event)
                                              : unfinished_response(event);
}

}  // namespace kvc
