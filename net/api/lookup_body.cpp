#include "net/api/lookup_body.hpp"

#include "net/api/json_body.hpp"
#include "net/http/router.hpp"

#include <utility>

namespace kvc {

namespace {

std::variant<lookup_body, http_response> read_json_lookup(
  const http_request& request) {
  json_body body{request};
  lookup_body result;
  result.hashes = body.optional_hashes();
  if (!result.hashes)
    result.tokens = body.tokens();
  else if (body.optional_tokens())
    body.complain("hashes", "Give either tokens or hashes");
  auto model = body.optional_string("model");
  const auto from_query = request.parameter("model");
  if (model && from_query && *model != *from_query)
    body.complain("model", "The query names another model");
  if (auto refusal = body.refusal())
    return std::move(*refusal);
  result.model = model ? std::move(*model) : from_query.value_or("");
  return result;
}

std::variant<lookup_body, http_response> read_binary_lookup(
  const http_request& request) {
  auto complaints = nlohmann::json::array();
  if (request.body.size() % sizeof(std::uint32_t) != 0)
    complaints.push_back(complaint(
      {"body"},
      "The length should be a multiple of 4: a little-endian integer of 32 "
      "bits for each token",
      "bytes_length"));
  for (const auto& [name, value] : request.parameters())
    if (name != "model")
      complaints.push_back(complaint({"query", name},
                                     "There is no such option: model is one",
                                     "extra_forbidden", value));
  if (!complaints.empty())
    return unprocessable(complaints);
  lookup_body result;
  result.tokens = read_token_bytes(request.body);
  result.model = request.parameter("model").value_or("");
  return result;
}

}  // namespace

std::variant<lookup_body, http_response> read_lookup(
  const http_request& request) {
  return is_binary(request.content_type) ? read_binary_lookup(request)
                                         : read_json_lookup(request);
}

}  // namespace kvc
