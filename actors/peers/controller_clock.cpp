#include "actors/peers/controller_clock.hpp"

namespace kvc {

namespace {

/// How much two clocks may drift apart: Linux turns each by 500 us/s at most.
constexpr int parts_per_drift = 1'000;

/// A clock that shows more than a thousand years shows nonsense.
constexpr controller_clock::time greatest = std::chrono::hours{24 * 365'000};

}  // namespace

controller_clock::time controller_clock::sample::error_at(time now) const {
  return error + (now - at) / parts_per_drift + time{1};
}

void controller_clock::note(time asked, time answered, time shown) {
  if (answered < asked || shown < time{0} || shown > greatest)
    return;
  const auto half = (answered - asked) / 2;
  const sample news{shown - (asked + half), half + time{1}, answered};
  if (!best_ || news.error_at(answered) <= best_->error_at(answered))
    best_ = news;
}

std::optional<controller_clock::time> controller_clock::latest(time now) const {
  if (!best_)
    return std::nullopt;
  return now + best_->offset + best_->error_at(now);
}

}  // namespace kvc
