#include "net/link/secret.hpp"

#include "messages/errors.hpp"

#include <cstdlib>
#include <fstream>

namespace kvc {

namespace {

constexpr std::size_t max_secret_bytes = 4096;

}  // namespace

caf::expected<std::string> load_secret(const std::string& path) {
  std::string secret;
  std::string origin = "KVC_SECRET";
  if (const auto* value = std::getenv("KVC_SECRET")) {
    secret = value;
  } else if (!path.empty()) {
    origin = path;
    std::ifstream file{path, std::ios::binary};
    secret.resize(max_secret_bytes + 2);  // A newline, and one byte too many.
    file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    if (file.bad() || (file.fail() && !file.eof()))
      return caf::make_error(errc::invalid_request,
                             "cannot read the secret from " + path);
    secret.resize(static_cast<std::size_t>(file.gcount()));
    if (secret.ends_with('\n'))
      secret.pop_back();
  }
  if (secret.size() > max_secret_bytes)
    return caf::make_error(errc::invalid_request,
                           "the secret from " + origin + " exceeds 4096 bytes");
  return secret;
}

}  // namespace kvc
