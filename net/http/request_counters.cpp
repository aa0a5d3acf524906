#include "net/http/request_counters.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace kvc {

namespace {

constexpr auto& bucket_ends = route_counters::bucket_ends;

std::string bucket_name(std::size_t bucket) {
  if (bucket == bucket_ends.size())
    return "+Inf";
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 bucket_ends[bucket], std::chars_format::fixed)
                     .ptr;
  return {digits.data(), end};
}

}  // namespace

void lane_counters::count(std::size_t route, unsigned status,
                          std::chrono::nanoseconds took) {
  auto& counters = routes_[std::min(route, routes_.size() - 1)];
  const auto index =
    std::clamp<std::size_t>(
      status, route_counters::first_status,
      route_counters::first_status + counters.by_status.size() - 1) -
    route_counters::first_status;
  counters.by_status[index].add(1);
  const auto seconds = std::chrono::duration<double>(took).count();
  const auto bucket =
    std::lower_bound(bucket_ends.begin(), bucket_ends.end(), seconds);
  counters.by_time[static_cast<std::size_t>(bucket - bucket_ends.begin())].add(
    1);
  counters.nanoseconds.add(static_cast<std::uint64_t>(took.count()));
}

struct request_counters::sums {
  std::array<std::uint64_t, 500> by_status{};
  std::array<std::uint64_t, bucket_ends.size() + 1> by_time{};
  std::uint64_t nanoseconds = 0;

  std::uint64_t count() const {
    return std::accumulate(by_time.begin(), by_time.end(), std::uint64_t{0});
  }
};

lane_counters& request_counters::add_lane(std::size_t routes) {
  const std::lock_guard lock{mutex_};
  return lanes_.emplace_back(routes);
}

std::vector<request_counters::sums> request_counters::add_up(
  std::size_t routes) const {
  const std::lock_guard lock{mutex_};
  std::vector<sums> result(routes + 1);
  for (const auto& lane : lanes_)
    for (std::size_t i = 0; i < result.size() && i < lane.routes().size();
         ++i) {
      const auto& from = lane.routes()[i];
      auto& to = result[i];
      for (std::size_t k = 0; k < to.by_status.size(); ++k)
        to.by_status[k] += from.by_status[k].value();
      for (std::size_t k = 0; k < to.by_time.size(); ++k)
        to.by_time[k] += from.by_time[k].value();
      to.nanoseconds += from.nanoseconds.value();
    }
  return result;
}

void request_counters::write(metrics_text& text,
                             std::span<const route_name> names) const {
  const auto all = add_up(names.size());
  const auto name = [&](std::size_t i) {
    return i < names.size() ? names[i] : route_name{"", "none"};
  };
  text.family("kvc_http_requests_total", "counter",
              "Requests that were answered.");
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t k = 0; k < all[i].by_status.size(); ++k)
      if (all[i].by_status[k] > 0)
        text.sample(
          "",
          {{"method", name(i).method},
           {"route", name(i).path},
           {"status", std::to_string(route_counters::first_status + k)}},
          all[i].by_status[k]);
  text.family("kvc_http_request_duration_seconds", "histogram",
              "From the arrival of a whole request to its answer.");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].count() == 0)
      continue;
    std::uint64_t below = 0;
    for (std::size_t k = 0; k < all[i].by_time.size(); ++k) {
      below += all[i].by_time[k];
      text.sample("_bucket",
                  {{"method", name(i).method},
                   {"route", name(i).path},
                   {"le", bucket_name(k)}},
                  below);
    }
    text.sample("_sum", {{"method", name(i).method}, {"route", name(i).path}},
                static_cast<double>(all[i].nanoseconds) / 1e9);
    text.sample("_count", {{"method", name(i).method}, {"route", name(i).path}},
                all[i].count());
  }
  text.single("kvc_http_connections", "gauge", "Connections that are open.",
              connections.load());
}

}  // namespace kvc
