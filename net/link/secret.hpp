#pragma once

#include <caf/expected.hpp>

#include <string>

namespace kvc {

/// Returns the secret that both ends of a link must share: the variable
/// KVC_SECRET if it is set, else the content of the file `path` without one
/// trailing newline, or "" if `path` is empty. Fails with invalid_request if
/// the file cannot be read or the secret exceeds 4 KiB.
caf::expected<std::string> load_secret(const std::string& path);

}  // namespace kvc
