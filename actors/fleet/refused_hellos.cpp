#include "actors/fleet/refused_hellos.hpp"

#include "config/host_address.hpp"

#include <algorithm>

namespace kvc {

namespace {

constexpr std::int64_t kept_ms = std::int64_t{60} * 60 * 1000;
constexpr std::size_t max_refusals = 256;
constexpr std::size_t max_text = 256;

std::string make_printable(std::string text) {
  text.resize(std::min(text.size(), max_text));
  std::replace_if(
    text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

bool refused_hellos::add(const worker_profile& profile, const caf::error& why,
                         std::int64_t now_ms) {
  return add({.id = profile.id,
              .ip = profile.ip,
              .reason = static_cast<errc>(why.code()),
              .detail = describe(why)},
             now_ms);
}

bool refused_hellos::add(refusal fresh, std::int64_t now_ms) {
  fresh.id.instance = make_printable(std::move(fresh.id.instance));
  fresh.ip = host_address{make_printable(std::move(fresh.ip))}.text();
  fresh.detail = make_printable(std::move(fresh.detail));
  fresh.last_at_ms = now_ms;
  fresh.count = 1;
  const auto same =
    std::find_if(refusals_.begin(), refusals_.end(), [&](const refusal& x) {
      return x.id == fresh.id && x.ip == fresh.ip && x.detail == fresh.detail &&
             x.last_at_ms + kept_ms > now_ms;
    });
  const auto is_first = same == refusals_.end();
  if (!is_first) {
    fresh.count += same->count;
    refusals_.erase(same);
  } else if (refusals_.size() == max_refusals) {
    refusals_.erase(refusals_.begin());
  }
  refusals_.push_back(std::move(fresh));
  return is_first;
}

std::vector<refusal> refused_hellos::list(std::int64_t now_ms) const {
  std::vector<refusal> result;
  std::copy_if(
    refusals_.rbegin(), refusals_.rend(), std::back_inserter(result),
    [&](const refusal& x) { return x.last_at_ms + kept_ms > now_ms; });
  return result;
}

}  // namespace kvc
