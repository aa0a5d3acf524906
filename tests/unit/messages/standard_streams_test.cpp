#include "messages/standard_streams.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

using namespace kvc;

namespace {

/// Returns what `run` returns in a process of its own.
int exit_code_of(const std::function<int()>& run) {
  const auto process = ::fork();
  REQUIRE(process >= 0);
  if (process == 0)
    ::_exit(run());
  int status = 0;
  REQUIRE(::waitpid(process, &status, 0) == process);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool is_null_device(int fd) {
  struct stat found {};
  struct stat expected {};
  return ::fstat(fd, &found) == 0 && ::stat("/dev/null", &expected) == 0 &&
         found.st_rdev == expected.st_rdev;
}

}  // namespace

TEST_SUITE("standard streams") {
  TEST_CASE("are open afterwards, and survive an exec") {
    CHECK(exit_code_of([] {
            for (const auto fd : {0, 1, 2})
              ::close(fd);
            open_standard_streams();
            for (const auto fd : {0, 1, 2})
              if (!is_null_device(fd) || ::fcntl(fd, F_GETFD) != 0)
                return 1;
            return ::write(2, "x", 1) == 1 ? 0 : 2;
          }) == 0);
  }

  TEST_CASE("stay as they are if they are open") {
    CHECK(exit_code_of([] {
            const auto root = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            ::dup2(root, 0);
            ::dup2(root, 2);
            ::close(1);
            open_standard_streams();
            return !is_null_device(0) && is_null_device(1) && !is_null_device(2)
                     ? 0
                     : 1;
          }) == 0);
  }
}
