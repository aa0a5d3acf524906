#pragma once

#include <caf/expected.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace kvc {

/// A program that runs beside this one. It is killed when this object ends, and
/// by the kernel when this process ends, in whatever way.
class child_process {
 public:
  /// Starts `program` with `arguments`; its output goes to the end of `log`.
  /// Must be called on the main thread: the kernel kills the program when the
  /// thread ends that started it. Fails with unreachable.
  static caf::expected<child_process> start(
    const std::filesystem::path& program,
    const std::vector<std::string>& arguments,
    const std::filesystem::path& log);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process();  ///< Kills it.

  int pid() const { return pid_; }

  /// Whether it has not ended yet.
  bool is_running() const;

  void send(int signal) const;

  /// Ends it with SIGKILL and waits for that.
  void kill();

 private:
  explicit child_process(int pid) : pid_(pid) {}

  int pid_ = -1;
};

}  // namespace kvc
