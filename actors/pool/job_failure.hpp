#pragma once

#include "messages/errors.hpp"

#include <exception>

namespace kvc {

/// Runs `work` and turns an exception into an io_failed, because the jobs of a
/// work_pool must not throw. Returns no error if nothing was thrown.
template <class Work>
caf::error failure_of(Work&& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return caf::make_error(errc::io_failed, error.what());
  }
  return caf::none;
}

}  // namespace kvc
