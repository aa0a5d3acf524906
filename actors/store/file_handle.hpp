#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

namespace kvc {

/// An open file or directory. Its functions fail with io_failed unless stated
/// otherwise; the error names the file and the reason.
class file_handle {
 public:
  enum class mode {
    read,    ///< A file or a directory that exists.
    create,  ///< A new file to write to; it must not exist yet.
    lock,    ///< A file to be locked; created if it is missing.
  };

  static caf::expected<file_handle> open(std::filesystem::path file, mode how);

  file_handle(file_handle&& other) noexcept
      : file_(std::move(other.file_)),
        descriptor_(std::exchange(other.descriptor_, -1)) {}
  file_handle& operator=(file_handle&&) = delete;
  ~file_handle();

  const std::filesystem::path& path() const { return file_; }

  caf::expected<std::uint64_t> size() const;

  /// Fills `to` with the bytes from `offset` on. Fails with invalid_request, as
  /// for any damaged content, if the file is too short or the device cannot
  /// read it.
  caf::error read(std::uint64_t offset, std::span<std::byte> to) const;

  /// Appends all of `bytes`.
  caf::error write(std::span<const std::byte> bytes) const;

  /// Returns once what was written survives a power cut; for a directory, the
  /// list of its files.
  caf::error sync() const;

  /// Keeps others from locking the file until this handle ends; does not wait.
  /// Fails with not_ready if somebody else has the lock.
  caf::error lock() const;

 private:
  file_handle(std::filesystem::path file, int descriptor)
      : file_(std::move(file)), descriptor_(descriptor) {}

  std::filesystem::path file_;
  int descriptor_;
};

/// Returns an io_failed which says that `what` failed for `file`, and why.
/// `code` is an errno.
caf::error file_error(std::string_view what, const std::filesystem::path& file,
                      int code);

/// Returns whether there is a file, a folder or a link, even a dangling one.
bool is_there(const std::filesystem::path& file);

/// Removes a file. It is no error if there is none.
caf::error remove_file(const std::filesystem::path& file);

}  // namespace kvc
