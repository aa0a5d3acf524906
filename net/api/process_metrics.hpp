#pragma once

#include "net/http/metrics_text.hpp"

namespace kvc {

/// Writes what all Prometheus clients tell about their process: processor time,
/// memory, file descriptors, threads and start.
void write_process_metrics(metrics_text& text);

}  // namespace kvc
