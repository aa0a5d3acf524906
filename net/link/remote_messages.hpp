#pragma once

#include "net/link/byte_walker.hpp"

#include <string_view>

namespace kvc {

/// A type of message that crosses links.
struct remote_message {
  bool (*walk)(byte_walker&) = nullptr;  ///< Over one value of this type.
  bool is_request = false;  ///< Some actor takes it from other processes.
  bool is_answer = false;   ///< Some actor answers it to other processes.
};

/// Returns the type of message that CAF calls `name` on the wire; null if
/// remote_interfaces has none.
const remote_message* find_remote_message(std::string_view name);

}  // namespace kvc
