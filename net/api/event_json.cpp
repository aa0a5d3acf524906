#include "net/api/event_json.hpp"

#include "net/api/route_groups.hpp"

#include <algorithm>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

json seconds(std::int64_t ms) {
  return ms == 0 ? json{} : json(static_cast<double>(ms) / 1e3);
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
  json result{{"instance_id", event.doer()},
              {"worker_id", rank.rank},
              {"status", to_string(rank.state)},
              {"num_tokens", rank.tally.tokens}};
  if (!rank.error.empty())
    result["error"] = rank.error;
  const auto about = traits_of(event.verb).about;
  if (about == subject::ranks) {
    result["error_code"] = rank.code;
    return result;
  }
  result["chunks_done"] = rank.tally.finished();
  result["chunks_planned"] = rank.tally.planned;
  result["chunks"] = outcomes_json(rank.tally);
  result["bytes_before"] = rank.tally.bytes_before;
  result["bytes_after"] = rank.tally.bytes_after;
  if (about == subject::positions && rank.tally.elapsed_us > 0)
    result["gb_per_second"] = static_cast<double>(rank.tally.bytes_after) /
                              static_cast<double>(rank.tally.elapsed_us) / 1e3;
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
    return x.has_answered() && x.tally.tokens != event.tokens;
  };
  return std::any_of(event.ranks.begin(), event.ranks.end(), differs);
}

/// How users are told of an outcome of an operation; empty if they need not be.
std::string_view text_of(chunk_outcome outcome, operation verb) {
  const auto is_move = traits_of(verb).about == subject::positions;
  switch (outcome) {  // No default, so that -Wswitch reports a missing case.
    case chunk_outcome::done:
    case chunk_outcome::absent:
      return {};
    case chunk_outcome::unchanged:
      return traits_of(verb).unchanged;
    case chunk_outcome::pinned:
      return is_move ? "copied, but pinned at the source" : "pinned, skipped";
    case chunk_outcome::in_use:
      return is_move ? "copied, but in use at the source" : "in use, skipped";
    case chunk_outcome::incompressible:
      return "incompressible, left as they are";
    case chunk_outcome::no_room:
      return is_move ? "left at the source for want of room"
                     : "left as they are for want of room";
    case chunk_outcome::unsuitable:
      return is_move ? "not of the destination's format"
                     : "not of a dtype and shape for this method";
    case chunk_outcome::failed:
      return is_move ? "not copied" : "unreadable";
  }
  return {};
}

/// What a user should know beside the number of tokens; may be empty.
std::string remarks(const event_status& event) {
  std::string result;
  for (std::size_t i = 0; i < chunk_outcome_count; ++i) {
    const auto outcome = static_cast<chunk_outcome>(i);
    const auto text = text_of(outcome, event.verb);
    const auto count = sum(event, outcome);
    if (!text.empty() && count > 0)
      result += (result.empty() ? "" : "; ") + std::to_string(count) +
                " chunks " + std::string{text};
  }
  return result;
}

/// Adds where a move goes from and to.
void add_positions(json& body, const event_status& event) {
  if (traits_of(event.verb).about != subject::positions)
    return;
  body["old_position"] = {event.instance, to_string(event.from)};
  body["new_position"] = {event.destination, to_string(event.to)};
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

schema state_schema() {
  return schema::choice(
    {to_string(event_state::running), to_string(event_state::finished),
     to_string(event_state::failed), to_string(event_state::cancelled)});
}

schema rank_state_schema() {
  auto result = state_schema();
  result.choices.push_back(to_string(event_state::unknown));
  return result;
}

schema code_schema() { return schema::integer(0, schema::no_minimum); }

/// The shape of one rank's part.
schema rank_status_schema() {
  return schema::object(
    {{"instance_id", schema::text(), "The rank's instance."},
     {"worker_id", rank_schema(), "The rank."},
     {"status", rank_state_schema(),
      "Where its part stands; unknown if it has not confirmed its end."},
     {"num_tokens", schema::integer(), "Tokens of the chunks done."},
     optional_field("error", schema::text(), "Why it failed."),
     optional_field("error_code", code_schema(),
                    "Of health: 0 is healthy; all others are negative."),
     optional_field("chunks_done", schema::integer(),
                    "Chunks that need no more work."),
     optional_field("chunks_planned", schema::integer(), "Chunks in all."),
     optional_field("chunks", schema::map(schema::integer()),
                    "What became of them: a number for each outcome."),
     optional_field("bytes_before", schema::integer(),
                    "Bytes of the chunks done, as they were stored."),
     optional_field("bytes_after", schema::integer(),
                    "Bytes of the chunks done, as they are stored."),
     optional_field("gb_per_second", schema::number(), "Of a move.")},
    "RankStatus");
}

field note_field() {
  return optional_field("message", schema::text(),
                        "What else there is to know, in words.");
}

field disagreement_field() {
  return optional_field("ranks_disagree", schema::boolean(),
                        "True if the ranks did it for unequal prefixes.");
}

field tokens_field() {
  return {"num_tokens", schema::integer(),
          "Tokens that all ranks did it for: the least of their numbers."};
}

field ranks_field() {
  return {"workers", schema::list(rank_status_schema()), "Each rank's part."};
}

}  // namespace

schema event_schema() {
  const auto position = schema::tuple({schema::text(), location_schema()});
  return schema::object(
    {event_id_field(),
     {"operation", schema::text(), "What the event does."},
     {"instance_id", schema::text(), "Whose chunks it is about."},
     {"status", state_schema(), "Where it stands."},
     tokens_field(),
     {"started_at", schema::number().or_null(),
      "Seconds since the Unix epoch."},
     {"finished_at", schema::number().or_null(),
      "Seconds since the Unix epoch; null while it runs."},
     optional_field("corrected_at", schema::number(),
                    "When a rank that was unknown answered after the end."),
     optional_field("old_position", position, "Where a move goes from."),
     optional_field("new_position", position, "Where a move goes to."),
     {"chunks_done", schema::integer(), "Of all ranks."},
     {"chunks_planned", schema::integer(), "Of all ranks."},
     ranks_field(),
     note_field(),
     disagreement_field()},
    "Event");
}

schema finished_event_schema(operation verb) {
  if (traits_of(verb).about == subject::ranks)
    return schema::object(
      {event_id_field(),
       {"error_codes", schema::map(code_schema()), "By rank: 0 is healthy."}},
      "Health");
  return schema::object({event_id_field(), tokens_field(), ranks_field(),
                         note_field(), disagreement_field()},
                        "FinishedEvent");
}

std::vector<described_answer> other_event_answers() {
  const auto running = schema::object(
    {event_id_field(), {"status", state_schema(), "It is running."}},
    "RunningEvent");
  const auto ended = schema::object(
    {{"detail", schema::list(rank_status_schema()), "Each rank's part."},
     event_id_field(),
     {"status", state_schema(), "How it ended."},
     tokens_field()},
    "UnfinishedEvent");
  const auto or_error = schema::any_of({ended, error_schema()});
  return {
    {202, "It runs still: ask /check_finish.", running},
    {404, "There is no such instance or location."},
    {409, "It was cancelled, or the instances do not allow it.", or_error},
    {502, "Ranks failed; `detail` has their own words.", or_error},
    {504, "All ranks were silent.", or_error}};
}

json event_json(const event_status& event) {
  json result{{"event_id", event.event_id},
              {"operation", to_string(event.verb)},
              {"instance_id", event.instance},
              {"status", to_string(event.state)},
              {"num_tokens", event.tokens},
              {"started_at", seconds(event.started_at_ms)},
              {"finished_at", seconds(event.finished_at_ms)}};
  if (event.corrected_at_ms != 0)
    result["corrected_at"] = seconds(event.corrected_at_ms);
  add_positions(result, event);
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
  if (traits_of(event.verb).about == subject::ranks)
    return json_response(health_json(event));
  return event.state == event_state::finished ? finished_response(event)
                                              : unfinished_response(event);
}

}  // namespace kvc
