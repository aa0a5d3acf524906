#include "apps/bench/part.hpp"

#include <algorithm>
#include <iostream>

namespace kvc {

void print(const std::string& line) { std::cout << line << std::endl; }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace kvc
