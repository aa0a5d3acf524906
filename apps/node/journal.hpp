#pragma once

#include "actors/worker/membership.hpp"

#include <caf/expected.hpp>

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

namespace kvc {

/// Writes every change of what one worker holds to a file, in order, one line
/// each: "A <location> <hash>" for admitted, "E <location> <hash>" for evicted,
/// in decimal. Thread-safe. Lines are buffered until flush() or the end.
class journal final : public membership_listener {
 public:
  /// Begins `directory`/`instance`-`rank`.journal anew; makes the directory.
  /// Passes every change on to `next` if there is one; it must outlive the
  /// journal. Fails with invalid_request if the file cannot be written.
  static caf::expected<std::unique_ptr<journal>> open(
    const std::filesystem::path& directory, const worker_id& id,
    membership_listener* next);

  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;
  ~journal() override;

  void chunks_admitted(location where,
                       std::span<const std::uint64_t> hashes) override;
  void chunks_evicted(location where,
                      std::span<const std::uint64_t> hashes) override;

  /// Writes what is buffered. Returns false if this or anything before it
  /// could not be written.
  bool flush();

 private:
  journal(std::ofstream file, membership_listener* next);

  void append(char sign, location where, std::span<const std::uint64_t> hashes);
  void write();

  std::mutex mutex_;
  std::ofstream file_;
  std::string buffer_;
  membership_listener* next_;
};

}  // namespace kvc
