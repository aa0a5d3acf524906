#pragma once

#include "config/controller_options.hpp"
#include "net/http/server.hpp"

namespace kvc {

/// Turns the keys of a configuration that concern HTTP into options of the
/// server.
http_server_options make_http_options(const controller_options& options);

}  // namespace kvc
