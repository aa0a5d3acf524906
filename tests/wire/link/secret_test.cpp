#include "net/link/secret.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace kvc;

namespace {

struct secret_fixture {
  std::filesystem::path path =
    std::filesystem::temp_directory_path() /
    ("kvc_secret_test_" + std::to_string(::getpid()));

  secret_fixture() { ::unsetenv("KVC_SECRET"); }

  ~secret_fixture() {
    ::unsetenv("KVC_SECRET");
    std::filesystem::remove(path);
  }

  void write(const std::string& content) const {
    std::ofstream{path, std::ios::binary} << content;
  }

  std::string load() const {
    const auto secret = load_secret(path);
    return secret ? *secret : describe(secret.error());
  }
};

}  // namespace

TEST_SUITE("secret") {
  TEST_CASE_FIXTURE(secret_fixture, "is empty without file and environment") {
    CHECK(*load_secret("") == "");
  }

  TEST_CASE_FIXTURE(secret_fixture, "is the file without its last newline") {
    write("one\ntwo\n\n");
    CHECK(load() == "one\ntwo\n");
    write("bare");
    CHECK(load() == "bare");
    write("");
    CHECK(load() == "");
  }

  TEST_CASE_FIXTURE(secret_fixture, "prefers the environment to the file") {
    write("from the file");
    ::setenv("KVC_SECRET", "from the environment", 1);
    CHECK(load() == "from the environment");
    ::setenv("KVC_SECRET", "", 1);
    CHECK(load() == "");
  }

  TEST_CASE_FIXTURE(secret_fixture, "has at most 4 KiB") {
    write(std::string(4096, 'x') + '\n');
    CHECK(load() == std::string(4096, 'x'));
    write(std::string(4097, 'x'));
    CHECK(load() == "invalid_request: the secret from " + path.string() +
                      " exceeds 4096 bytes");
    write(std::string(4097, 'x') + '\n');
    CHECK(load_secret(path) == caf::error{errc::invalid_request});
    ::setenv("KVC_SECRET", std::string(4097, 'x').c_str(), 1);
    CHECK(load() ==
          "invalid_request: the secret from KVC_SECRET exceeds 4096 bytes");
  }

  TEST_CASE_FIXTURE(secret_fixture, "cannot come from what is no file") {
    CHECK(load() ==
          "invalid_request: cannot read the secret from " + path.string());
    CHECK(load_secret("/tmp") == caf::error{errc::invalid_request});
  }
}
