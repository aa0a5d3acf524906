#pragma once

#include "actors/store/membership.hpp"
#include "apps/workload/private_file.hpp"

#include <caf/expected.hpp>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace kvc {

/// A file of all changes of what the ranks of this process hold, in order, one
/// line each: "A <location> <hash> <worker>" for admitted, "E ..." for evicted,
/// numbers in decimal. A line "W <worker>" comes before a worker's first
/// change. Thread-safe. Lines are buffered until flush() or the end.
class journal {
 public:
  /// Begins the file anew; makes its directory. Fails with invalid_request if
  /// it cannot be written.
  static caf::expected<std::unique_ptr<journal>> open(
    const std::filesystem::path& path);

  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  ~journal();

  /// Returns a listener that writes the changes of one worker and passes them
  /// on to `next` if that is not null. The journal and `next` must outlive it.
  std::unique_ptr<membership_listener> listener(const worker_id& id,
                                                membership_listener* next);

  /// Writes what is buffered. Returns false if anything could not be written so
  /// far.
  bool flush();

 private:
  class worker_listener;

  explicit journal(const std::filesystem::path& path);

  void append(char sign, location where, std::span<const std::uint64_t> hashes,
              std::string_view worker);
  void write();

  std::mutex mutex_;
  private_file file_;
  std::string buffer_;
};

}  // namespace kvc
