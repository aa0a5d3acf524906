#include "net/api/event_id.hpp"
#include "net/api/lookup_body.hpp"
#include "net/api/route_groups.hpp"
#include "net/http/json_text.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <string>

namespace kvc {

namespace {

constexpr std::size_t max_hinted = 3;  ///< Instances that a hint names.

/// `:["LocalCPUBackend",` and the like, by location.
std::string_view beginning_of_value(location where) {
  static const auto all = [] {
    std::array<std::string, location_count> result;
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = ":[";
      append_json_string(result[i], to_string(static_cast<location>(i)));
      result[i] += ',';
    }
    return result;
  }();
  return all[static_cast<std::size_t>(where)];
}

/// Returns which instances could not be found for want of ranks; "" if none.
std::string hint_about(const std::vector<incomplete_instance>& instances) {
  std::string result;
  for (const auto& x : instances)
    result +=
      (result.empty() ? "not listed, because ranks are missing: " : ", ") +
      x.name + " has " + std::to_string(x.live_ranks) + " of " +
      std::to_string(x.rank_count) + " ranks";
  return result;
}

/// Writes by hand: this is the hot path, and the order of the instances is part
/// of the answer.
http_response lookup_response(const std::vector<prefix_view>& matches,
                              std::uint64_t chunk_size,
                              std::uint64_t token_count,
                              const std::string& hint) {
  http_response response;
  auto& out = response.body;
  out.reserve(96 + 64 * matches.size());
  out += R"({"event_id":)";
  append_json_string(out, make_event_id("Lookup"));
  out += R"(,"layout_info":{)";
  for (const auto& match : matches) {
    if (&match != matches.data())
      out += ',';
    append_json_string(out, match.instance);
    out += beginning_of_value(match.where);
    const fmt::format_int tokens{
      std::min(match.chunks * chunk_size, token_count)};
    out.append(tokens.data(), tokens.size());
    out += ']';
  }
  out += '}';
  if (!hint.empty()) {
    out += R"(,"hint":)";
    append_json_string(out, hint);
  }
  out += '}';
  return response;
}

http_response look_up(const lookup_body& body, lookup_source& lookups,
                      const prompt_hasher& hasher) {
  const auto hashed = body.hashes ? std::vector<std::uint64_t>{}
                                  : hasher.hash_prompt(body.tokens);
  const auto& hashes = body.hashes ? *body.hashes : hashed;
  forget_large_list();
  const auto matches = hashes.empty()
                         ? prefix_matches{}
                         : lookups.find_prefixes(hashes, body.model);
  // Whether the last of some hashes names a partial chunk is not known.
  const auto token_count =
    body.hashes ? hashes.size() * hasher.chunk_size() : body.tokens.size();
  const auto hint = matches.views.empty() && !hashes.empty()
                      ? hint_about(lookups.incomplete(body.model, max_hinted))
                      : std::string{};
  return lookup_response(matches.views, hasher.chunk_size(), token_count, hint);
}

std::vector<field> lookup_fields() {
  return {
    optional_field("tokens", token_schema().or_null(), "A prompt's tokens."),
    optional_field(
      "hashes",
      schema::list(
        schema::any_of({schema::integer(schema::no_maximum, schema::no_minimum),
                        schema::text()}))
        .or_null(),
      "Instead of tokens: the names of the prompt's chunks, integers of 64 "
      "bits, signed or not, or the digits of such."),
    optional_field("model", schema::text().or_null(),
                   "The namespace of the chunks; \"\" is the default one.")};
}

schema lookup_schema() {
  return schema::object(
    {event_id_field(),
     {"layout_info",
      schema::map(schema::tuple({location_schema(), schema::integer()})),
      "By instance, the longest prefix first: the location of its last chunk, "
      "and its number of tokens."},
     optional_field("hint", schema::text(),
                    "Why nothing may have been found, in words.")});
}

}  // namespace

void add_lookup_routes(router& table, const controller_services& services) {
  table.add(
    {.method = http_method::post,
     .path = "/lookup",
     .summary = "Lists the instances that hold a prefix of `tokens`, or of the "
                "chunks named by `hashes` (of `model`, if given), the longest "
                "first, in tokens. As application/octet-stream the body is the "
                "tokens, little-endian integers of 32 bits, and `model` is in "
                "the query.",
     .query = {optional_field("model", schema::text(),
                              "The model, if the body names none; no other one "
                              "than the body's.")},
     .body = lookup_fields(),
     .takes_binary = true,
     .answer = lookup_schema(),
     .handler = [&lookups = services.lookups, &hasher = services.hasher](
                  const http_request& request, const responder& respond) {
       auto body = read_lookup(request);
       if (auto* refusal = std::get_if<http_response>(&body))
         return respond(std::move(*refusal));
       respond(look_up(std::get<lookup_body>(body), lookups, hasher));
     }});
}

}  // namespace kvc
