#include "net/http/event_id.hpp"
#include "net/http/json_body.hpp"
#include "net/http/json_text.hpp"
#include "net/http/lookup_body.hpp"
#include "net/http/route_groups.hpp"

#include <algorithm>
#include <string>

namespace kvc {

namespace {

/// Writes by hand: this is the hot path, and the order of the instances is part
/// of the answer.
http_response lookup_response(const std::vector<prefix_match>& matches,
                              std::uint64_t chunk_size,
                              std::uint64_t token_count) {
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
    out += ":[";
    append_json_string(out, to_string(match.where));
    out += ',';
    out += std::to_string(std::min(match.chunks * chunk_size, token_count));
    out += ']';
  }
  out += "}}";
  return response;
}

http_response look_up(const lookup_body& body, lookup_source& lookups,
                      const prompt_hasher& hasher) {
  const auto hashes = hasher.hash_prompt(body.tokens);
  const auto matches = hashes.empty()
                         ? std::vector<prefix_match>{}
                         : lookups.find_prefixes(hashes, body.model);
  return lookup_response(matches, hasher.chunk_size(), body.tokens.size());
}

}  // namespace

void add_lookup_routes(router& table, const controller_services& services) {
  table.add(
    {.method = http_method::post,
     .path = "/lookup",
     .summary = "Lists the instances that hold a prefix of `tokens` (of "
                "`model`, if given), the longest first, in tokens.",
     .handler = [&lookups = services.lookups, &hasher = services.hasher](
                  const http_request& request, const responder& respond) {
       if (const auto usual = read_usual_lookup(request))
         return respond(look_up(*usual, lookups, hasher));
       json_body body{request.body};
       const lookup_body exact{body.tokens("tokens"),
                               body.string_or("model", "")};
       const auto refusal = body.refusal();
       respond(refusal ? *refusal : look_up(exact, lookups, hasher));
     }});
}

}  // namespace kvc
