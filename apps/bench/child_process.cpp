#include "apps/bench/child_process.hpp"

#include "apps/bench/file_descriptor.hpp"
#include "messages/errors.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace kvc {

namespace {

caf::error unreachable(const std::filesystem::path& what, int why) {
  return caf::make_error(errc::unreachable,
                         what.string() + ": " + strerror(why));
}

/// Makes the program of a forked process; tells `failures` the errno if that
/// fails. The parent may have threads: async-signal-safe calls only.
[[noreturn]] void become(char* const* argv, pid_t parent, int log,
                         int failures) {
  const auto dies_with_parent = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
  if (getppid() != parent)  // It ended before it was watched.
    _exit(127);
  if (dies_with_parent && dup2(log, STDOUT_FILENO) >= 0 &&
      dup2(log, STDERR_FILENO) >= 0)
    execv(argv[0], argv);
  const int why = errno;
  _exit(write(failures, &why, sizeof why) < 0 ? 126 : 127);
}

/// Returns the errno that `failures` tells; 0 if it was closed by an exec.
int read_failure(int failures) {
  int why = 0;
  ssize_t size = -1;
  do
    size = read(failures, &why, sizeof why);
  while (size < 0 && errno == EINTR);
  return size < 0 ? errno : why;
}

}  // namespace

caf::expected<child_process> child_process::start(
  const std::filesystem::path& program,
  const std::vector<std::string>& arguments, const std::filesystem::path& log) {
  assert(gettid() == getpid());
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  const file_descriptor output{
    open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)};
  if (!output)
    return unreachable(log, errno);
  std::array<int, 2> pipe{-1, -1};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0)
    return unreachable(program, errno);
  const file_descriptor failures{pipe[0]};
  file_descriptor reporting_end{pipe[1]};
  const auto parent = getpid();
  const auto pid = fork();
  if (pid < 0)
    return unreachable(program, errno);
  if (pid == 0)
    become(argv.data(), parent, output.get(), reporting_end.get());
  child_process result{pid};
  reporting_end.close();
  if (const auto why = read_failure(failures.get()); why != 0)
    return unreachable(program, why);
  return result;
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

child_process::~child_process() { kill(); }

bool child_process::is_running() const {
  if (pid_ <= 0)
    return false;
  siginfo_t ended{};
  // Leaves it to kill() to bury it.
  return waitid(P_PID, static_cast<id_t>(pid_), &ended,
                WEXITED | WNOHANG | WNOWAIT) == 0 &&
         ended.si_pid == 0;
}

void child_process::send(int signal) const {
  if (pid_ > 0)
    ::kill(pid_, signal);
}

void child_process::kill() {
  if (pid_ <= 0)
    return;
  send(SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace kvc
