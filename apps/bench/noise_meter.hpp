#pragma once

#include <chrono>
#include <vector>

namespace kvc {

/// Tells how much of this machine's processor time went to others, from its
/// creation on: whatever is not this process, its programs or the kernel's
/// interrupts, the hypervisor's theft included.
class noise_meter {
 public:
  /// `programs` are the ids of processes that belong to the measurement.
  explicit noise_meter(std::vector<int> programs);

  /// Returns the share of all cores, 0 to 1.
  double foreign_share() const;

 private:
  struct reading {
    double all_seconds = 0;  ///< Of all cores, but for idle and interrupts.
    double own_seconds = 0;
  };

  reading read() const;

  std::vector<int> programs_;
  std::chrono::steady_clock::time_point start_;
  reading first_;
};

}  // namespace kvc
