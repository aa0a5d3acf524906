#include "actors/store/file_handle.hpp"

#include "messages/errors.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace kvc {

namespace {

constexpr mode_t permissions = 0640;

int flags_of(file_handle::mode how) {
  switch (how) {
    case file_handle::mode::read:
      return O_RDONLY;
    case file_handle::mode::create:
      return O_WRONLY | O_CREAT | O_EXCL;
    case file_handle::mode::lock:
      return O_RDWR | O_CREAT;
  }
  return O_RDONLY;
}

}  // namespace

caf::error file_error(std::string_view what, const std::filesystem::path& file,
                      int code) {
  return caf::make_error(errc::io_failed,
                         std::string{what} + ' ' + file.string() + ": " +
                           std::generic_category().message(code));
}

bool is_there(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::exists(
    std::filesystem::symlink_status(file, ignored));
}

caf::error remove_file(const std::filesystem::path& file) {
  std::error_code failure;
  std::filesystem::remove(file, failure);
  return failure ? file_error("remove", file, failure.value()) : caf::error{};
}

caf::expected<file_handle> file_handle::open(std::filesystem::path file,
                                             mode how) {
  // Whatever waits in the place of a file, a pipe say, must not make us wait.
  const auto flags = flags_of(how) | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const auto descriptor = ::open(file.c_str(), flags, permissions);
  if (descriptor < 0)
    return file_error("open", file, errno);
  return file_handle{std::move(file), descriptor};
}

file_handle::~file_handle() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

caf::expected<std::uint64_t> file_handle::size() const {
  struct stat found {};
  if (::fstat(descriptor_, &found) != 0)
    return file_error("stat", file_, errno);
  return static_cast<std::uint64_t>(found.st_size);
}

caf::error file_handle::read(std::uint64_t offset,
                             std::span<std::byte> to) const {
  while (!to.empty()) {
    const auto count =
      ::pread(descriptor_, to.data(), to.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count == 0)
      return caf::make_error(errc::invalid_request,
                             file_.string() + ": too short");
    if (count < 0 && (errno == EIO || errno == EISDIR))
      return caf::make_error(errc::invalid_request,
                             file_.string() + ": unreadable");
    if (count < 0)
      return file_error("read", file_, errno);
    offset += static_cast<std::uint64_t>(count);
    to = to.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

caf::error file_handle::write(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return file_error("write", file_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

caf::error file_handle::sync() const {
  if (::fsync(descriptor_) != 0)
    return file_error("sync", file_, errno);
  return {};
}

caf::error file_handle::lock() const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0)
    return {};
  if (errno == EWOULDBLOCK)
    return caf::make_error(errc::not_ready, file_.string() + ": locked");
  return file_error("lock", file_, errno);
}

}  // namespace kvc
