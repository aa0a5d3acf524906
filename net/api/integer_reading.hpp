#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>

namespace kvc {

/// What `read_integer` makes of a value.
struct integer_reading {
  std::uint32_t value = 0;
  const char* type = nullptr;  ///< pydantic's name for what is wrong, or null.
  const char* message = nullptr;
};

/// Reads an integer from 0 to 2^32-1 in any form that LMCache accepts: also
/// "12" and 3.0.
integer_reading read_integer(const nlohmann::json& value);

/// Reads an integer of 64 bits, signed or unsigned: a number, or a string of
/// digits, because numbers have fewer bits in some languages.
std::optional<std::uint64_t> read_hash(const nlohmann::json& value);

}  // namespace kvc
