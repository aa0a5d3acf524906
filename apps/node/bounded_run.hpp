#pragma once

#include <chrono>
#include <functional>

namespace kvc {

/// Runs `work`, which must not throw, on a thread of its own. Returns whether
/// it has ended, and let go of what it holds, within `patience`; if not, it
/// goes on by itself. Without a thread to be had, it runs here, however long it
/// takes.
bool ends_within(std::chrono::milliseconds patience,
                 std::function<void()> work);

}  // namespace kvc
