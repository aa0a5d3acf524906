#pragma once

#include <chrono>
#include <vector>

namespace kvc {

/// Tells how much of the machine's processor time others have taken since this
/// object was made: all but this process, its programs and the kernel's
/// interrupts. What the hypervisor steals counts, too.
class noise_meter {
 public:
  /// `programs` are the ids of processes that belong to the measurement.
  explicit noise_meter(std::vector<int> programs);

  /// Returns the share of all cores, 0 to 1.
  double foreign_share() const;

 private:
  struct reading {
    double all_seconds = 0;  ///< Of all cores, without idling and interrupts.
    double own_seconds = 0;
  };

  reading read() const;

  std::vector<int> programs_;
  std::chrono::steady_clock::time_point start_;
  reading first_;
};

}  // namespace kvc
