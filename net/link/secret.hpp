#pragma once

#include <caf/expected.hpp>

#include <string>

namespace kvc {

/// Returns the secret that both ends of a link must share: the variable
/// KVC_SECRET if it is set, else the content of the file `path`, both without
/// one line end (LF or CRLF); "" if there is neither. Fails with
/// invalid_request if the file cannot be read, or if the secret is empty,
/// exceeds 4 KiB or contains a zero byte: who names a secret wants one.
caf::expected<std::string> load_secret(const std::string& path);

}  // namespace kvc
