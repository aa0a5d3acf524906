#include "net/link/secret.hpp"

#include "messages/errors.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace kvc {

namespace {

constexpr std::size_t max_secret_bytes = 4096;
constexpr std::size_t max_line_end = 2;

caf::error wrong(const std::string& what) {
  return caf::make_error(errc::invalid_request, what);
}

/// Returns the content of a file, or its beginning if that is too long.
caf::expected<std::string> read_file(const std::string& path) {
  const auto unreadable = [&path](const std::string& why) {
    return wrong("cannot read the secret from " + path + ": " + why);
  };
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (!std::filesystem::exists(status))
    return unreadable(failure ? failure.message() : "there is no such file");
  if (!std::filesystem::is_regular_file(status))
    return unreadable("it is no regular file");  // A pipe might never end.
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text(max_secret_bytes + max_line_end + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) &&
      !file.eof())
    return unreadable(errno != 0 ? std::strerror(errno) : "read error");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

/// Returns what is left of `text` without its line end. `origin` says where it
/// is from.
caf::expected<std::string> secret_in(std::string text,
                                     const std::string& origin) {
  if (text.ends_with('\n')) {
    text.pop_back();
    if (text.ends_with('\r'))
      text.pop_back();
  }
  if (text.empty())
    return wrong(origin + " is set, but the secret in it is empty");
  if (text.size() > max_secret_bytes)
    return wrong("the secret in " + origin + " exceeds 4096 bytes");
  // HMAC takes a key for equal to the same key with zeros behind it.
  if (text.find('\0') != std::string::npos)
    return wrong("the secret in " + origin + " contains a zero byte");
  return text;
}

}  // namespace

caf::expected<std::string> load_secret(const std::string& path) {
  if (const auto* value = std::getenv("KVC_SECRET"))
    return secret_in(value, "KVC_SECRET");
  if (path.empty())
    return std::string{};
  auto text = read_file(path);
  if (!text)
    return text;
  return secret_in(std::move(*text), "secret_file " + path);
}

}  // namespace kvc
