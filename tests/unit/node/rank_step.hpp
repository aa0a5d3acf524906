#pragma once

#include <array>
#include <cstdint>
#include <ostream>

namespace kvc::test {

/// One step of a rank_world. What the numbers mean depends on the action; any
/// are valid.
struct rank_step {
  enum action : std::uint8_t {
    store,
    retrieve,
    evict,
    clear,
    pin,
    unpin,
    recode,
    write,
    wait,
    report,
    kill,
    action_count
  };

  action what = store;
  std::uint32_t prompt = 0;
  std::uint32_t number = 0;

  friend std::ostream& operator<<(std::ostream& out, const rank_step& x) {
    constexpr std::array<const char*, action_count> names{
      "store",  "retrieve", "evict", "clear",  "pin", "unpin",
      "recode", "write",    "wait",  "report", "kill"};
    return out << names.at(x.what) << ' ' << x.prompt << ' ' << x.number;
  }
};

}  // namespace kvc::test
