#include "messages/counted.hpp"

namespace kvc {

std::string counted(std::uint64_t count, std::string_view noun) {
  auto result = std::to_string(count) + ' ';
  result += noun;
  if (count != 1)
    result += 's';
  return result;
}

}  // namespace kvc
