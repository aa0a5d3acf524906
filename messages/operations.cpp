#include "messages/operations.hpp"

#include <algorithm>

namespace kvc {

namespace {

/// Without a default, so that -Wswitch reports an operation without a row.
// NOLINTNEXTLINE(readability-function-size): a table.
constexpr operation_traits row(operation verb) {
  switch (verb) {
    case operation::health:
      return {.name = "health",
              .event_prefix = "health",
              .summary = "Asks every rank of an instance how it is.",
              .about = subject::ranks,
              .timeout = timeout_setting::health,
              .tokens = presence::never};
    case operation::clear:
      return {
        .name = "clear",
        .event_prefix = "Clear",
        .summary = "Drops the chunks of a location, or those of a prompt.",
        .details = "Pinned chunks and those in use stay, and are counted.",
        .may_drop_chunks = true};
    case operation::pin:
      return {
        .name = "pin",
        .event_prefix = "Pin",
        .summary = "Keeps a prompt's chunks from eviction and from clear.",
        .details = "Pins add up: each needs its unpin, or its time to end.",
        .timeout = timeout_setting::pin,
        .tokens = presence::required,
        .takes_ttl = true};
    case operation::unpin:
      return {.name = "unpin",
              .event_prefix = "Unpin",
              .summary = "Takes back one pin of a prompt's chunks.",
              .timeout = timeout_setting::pin,
              .tokens = presence::required,
              .unchanged = "not pinned"};
    case operation::compress:
      return {
        .name = "compress",
        .event_prefix = "Compress",
        .summary = "Compresses the chunks of a location, or those of a prompt.",
        .timeout = timeout_setting::compress,
        .method = presence::required,
        .may_drop_chunks = true,
        .unchanged = "already compressed so"};
    case operation::decompress:
      return {
        .name = "decompress",
        .event_prefix = "Decompress",
        .summary = "Restores the chunks of a location, or those of a prompt.",
        .timeout = timeout_setting::compress,
        .method = presence::optional,
        .may_drop_chunks = true,
        .unchanged = "not compressed"};
    case operation::move:
      return {.name = "move",
              .event_prefix = "Move",
              .summary =
                "Moves chunks to another instance, or to another "
                "location of the same one.",
              .details =
                "The source drops them once all have arrived; pinned "
                "ones stay there too.",
              .about = subject::positions,
              .timeout = timeout_setting::move,
              .may_drop_chunks = true,
              .unchanged = "were there already"};
  }
  return {};
}

/// By number; behind them the traits of what is unknown.
constexpr auto rows = [] {
  std::array<operation_traits, operation_count + 1> result{};
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = row(static_cast<operation>(i));
  return result;
}();

static_assert(rows.back().name.empty(), "operation_count is too small");
static_assert(std::none_of(rows.begin(), rows.end() - 1,
                           [](const operation_traits& x) {
                             return x.name.empty() || x.event_prefix.empty() ||
                                    x.summary.empty();
                           }),
              "a row lacks what all need, or operation_count is too great");

}  // namespace

const operation_traits& traits_of(operation verb) {
  return rows[std::min(static_cast<std::size_t>(verb), operation_count)];
}

bool is_known(operation verb) { return !traits_of(verb).name.empty(); }

std::string to_string(operation verb) {
  return is_known(verb)
           ? std::string{traits_of(verb).name}
           : "operation_" + std::to_string(static_cast<unsigned>(verb));
}

std::optional<operation> operation_named(std::string_view name) {
  const auto* found =
    std::find_if(operations.begin(), operations.end(),
                 [name](operation x) { return traits_of(x).name == name; });
  return found == operations.end() ? std::nullopt : std::optional{*found};
}

}  // namespace kvc
