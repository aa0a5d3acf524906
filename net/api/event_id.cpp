#include "net/api/event_id.hpp"

#include <array>
#include <cstdint>
#include <random>

namespace kvc {

namespace {

std::mt19937_64 make_generator() {
  std::random_device system;
  std::seed_seq seed{system(), system(), system(), system(),
                     system(), system(), system(), system()};
  return std::mt19937_64{seed};
}

}  // namespace

std::string make_event_id(std::string_view prefix) {
  thread_local auto generator = make_generator();
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::string_view pattern = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  std::string result{prefix};
  result.reserve(prefix.size() + pattern.size());
  std::uint64_t random = 0;
  std::size_t digits_left = 0;
  for (const char c : pattern) {
    if (c != 'x' && c != 'y') {
      result += c;
      continue;
    }
    if (digits_left == 0) {
      random = generator();
      digits_left = 16;
    }
    const auto digit = random & 0xFU;
    result += digits[c == 'x' ? digit : 8 + (digit & 3U)];
    random >>= 4U;
    --digits_left;
  }
  return result;
}

}  // namespace kvc
