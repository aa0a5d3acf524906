#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kvc {

/// Returns, say, "1 chunk" or "3 chunks", for a noun that takes an "s".
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace kvc
