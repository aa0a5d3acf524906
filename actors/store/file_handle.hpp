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

/// An open file or directory. Fails with io_failed unless stated otherwise; the
/// error names the file and the reason.
class file_handle {
 public:
  enum class mode {
    read,    ///< A file or a directory that exists.
    create,  ///< A file that must not exist, to write to.
    lock,    ///< A file to be locked; made if it is not there.
  };

  static caf::expected<file_handle> open(std::filesystem::path file, mode how);

  file_handle(file_handle&& other) noexcept
      : file_(std::move(other.file_)),
        descriptor_(std::exchange(other.descriptor_, -1)) {}
  file_handle& operator=(file_handle&&) = delete;
  ~file_handle();

  const std::filesystem::path& path() const { return file_; }

  caf::expected<std::uint64_t> size() const;

  /// Fills `to` with the bytes from `offset` on. Fails with invalid_request,
  /// as for any content that is damaged, if the file is shorter or the device
  /// cannot read it.
  caf::error read(std::uint64_t offset, std::span<std::byte> to) const;

  /// Appends all of `bytes`.
  caf::error write(std::span<const std::byte> bytes) const;

  /// Returns when what was written survives a power cut; of a directory, which
  /// files it has.
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

/// Returns an io_failed that tells `what` failed with `file`, and why: `code`
/// is an errno.
caf::error file_error(std::string_view what, const std::filesystem::path& file,
                      int code);

}  // namespace kvc
