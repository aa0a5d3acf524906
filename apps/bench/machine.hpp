#pragma once

#include <string>

namespace kvc {

/// Describes this machine in a line: processor, cores, memory, kernel and how
/// busy it has been.
std::string describe_machine();

/// Returns the resident memory of process `pid` in bytes, or 0.
std::size_t resident_bytes(int pid);

}  // namespace kvc
