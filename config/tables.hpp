#pragma once

#include "config/controller_options.hpp"
#include "config/option.hpp"
#include "config/worker_options.hpp"

namespace kvc {

/// Describes every setting of a worker. Setting one changes `options`, which
/// must outlive the table.
option_table worker_table(worker_options& options);

/// Describes every setting of a controller, as worker_table.
option_table controller_table(controller_options& options);

}  // namespace kvc
