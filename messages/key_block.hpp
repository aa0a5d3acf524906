#pragma once

#include "messages/fwd.hpp"

#include <caf/deserializer.hpp>
#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <caf/serializer.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kvc {

/// Chunk hashes on the wire: a length and raw little-endian words, because
/// CAF's element-wise path costs five times as much.
struct key_block {
  static constexpr std::uint32_t max_keys =
    1U << 20U;  ///< 8 MiB; longer blocks are refused.

  std::vector<std::uint64_t> keys;

  friend bool operator==(const key_block&, const key_block&) = default;

  friend std::string to_string(const key_block& x) {
    return "key_block[" + std::to_string(x.keys.size()) + "]";
  }

  friend caf::error inspect(caf::serializer& f, key_block& x) {
    if (x.keys.size() > max_keys)
      return caf::sec::invalid_argument;
    auto count = static_cast<std::uint32_t>(x.keys.size());
    if (auto error = f(count))
      return error;
    return count == 0
             ? caf::none
             : f.apply_raw(count * sizeof(std::uint64_t), x.keys.data());
  }

  friend caf::error inspect(caf::deserializer& f, key_block& x) {
    std::uint32_t count = 0;
    if (auto error = f(count))
      return error;
    if (count > max_keys)
      return caf::sec::invalid_argument;
    x.keys.resize(count);
    return count == 0
             ? caf::none
             : f.apply_raw(count * sizeof(std::uint64_t), x.keys.data());
  }
};

}  // namespace kvc
