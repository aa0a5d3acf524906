#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>

namespace kvc {

// These read JSON values and parameters of queries in every form that LMCache
// accepts: also "12", 3.0 and "yes".

/// What is made of a value.
template <class Value>
struct value_reading {
  Value value{};
  const char* type = nullptr;  ///< pydantic's name for what is wrong, or null.
  const char* message = nullptr;
};

/// Reads an integer from 0 to 2^32-1.
value_reading<std::uint32_t> read_integer(const nlohmann::json& value);

/// Reads an integer of 64 bits, signed or unsigned. Its digits may be a string,
/// because numbers have fewer bits in some languages.
value_reading<std::uint64_t> read_hash(const nlohmann::json& value);

/// Reads a finite number.
value_reading<double> read_number(const nlohmann::json& value);

/// Reads true, 1, "yes", "on" or their opposites.
value_reading<bool> read_bool(const nlohmann::json& value);

}  // namespace kvc
