#pragma once

#include "messages/errors.hpp"

#include <exception>

namespace kvc {

/// Does `work` on a work_pool's thread, from which nothing may be thrown.
/// Returns io_failed with what it threw, or nothing.
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
