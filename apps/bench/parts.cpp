#include "apps/bench/parts.hpp"

#include <iostream>

namespace kvc {

void print(const std::string& line) { std::cout << line << std::endl; }

}  // namespace kvc
