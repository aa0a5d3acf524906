#pragma once

#include "config/worker_options.hpp"

#include <string>

namespace kvc {

/// Returns the configured name of the instance. If there is none: for one that
/// reports to a controller the host's name and a random number, another one at
/// each call; else LMCache's own default.
std::string instance_id_of(const worker_options& settings);

}  // namespace kvc
