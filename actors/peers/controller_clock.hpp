#pragma once

#include <chrono>
#include <optional>

namespace kvc {

/// What time it may be by the controller's boot clock, told from a worker's own
/// and from what the controller has said. Not thread-safe.
class controller_clock {
 public:
  using time = std::chrono::microseconds;

  /// Takes what the controller's clock showed at some moment between `asked`
  /// and `answered`, both by the worker's clock.
  void note(time asked, time answered, time shown);

  /// Returns the latest time that the controller's clock may show; nothing if
  /// it has not said any.
  std::optional<time> latest(time now) const;

 private:
  struct sample {
    time offset{0};  ///< Of the controller's clock.
    time error{0};   ///< Of the offset, at the time `at`.
    time at{0};

    time error_at(time now) const;
  };

  std::optional<sample> best_;
};

}  // namespace kvc
