#include "apps/bench/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace kvc {

double durations::percentile_us(double share) {
  if (values_.empty())
    return 0;
  const auto last = static_cast<double>(values_.size() - 1);
  const auto position =
    values_.begin() + static_cast<std::ptrdiff_t>(std::ceil(share * last));
  std::nth_element(values_.begin(), position, values_.end());
  return static_cast<double>(*position) / 1e3;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace kvc
