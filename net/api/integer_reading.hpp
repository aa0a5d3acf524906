#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>

namespace kvc {

/// What `read_integer` makes of a value.
struct integer_reading {
  std::uint32_t value = 0;
  const char* type = nullptr;  ///< pydantic's name of the mistake, if any.
  const char* message = nullptr;
};

/// Accepts what LMCache accepts as an integer, "12" and 3.0 included, from 0 to
/// 2^32-1.
integer_reading read_integer(const nlohmann::json& value);

/// Reads an integer of 64 bits, signed or unsigned, as a number or a string of
/// digits: not every language's numbers have as many bits.
std::optional<std::uint64_t> read_hash(const nlohmann::json& value);

}  // namespace kvc
