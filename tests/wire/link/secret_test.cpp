#include "net/link/secret.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

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

  TEST_CASE_FIXTURE(secret_fixture, "is what there is without one line end") {
    const auto from_both = [this](const std::string& content) {
      ::unsetenv("KVC_SECRET");
      write(content);
      auto from_file = load();
      ::setenv("KVC_SECRET", content.c_str(), 1);
      CHECK(load() == from_file);
      return from_file;
    };
    CHECK(from_both("bare") == "bare");
    CHECK(from_both("one\ntwo\n\n") == "one\ntwo\n");
    CHECK(from_both("dos\r\n") == "dos");
    CHECK(from_both("dos\r\n\r\n") == "dos\r\n");
    CHECK(from_both("mac\r") == "mac\r");
    CHECK(from_both(" \t") == " \t");
  }

  TEST_CASE_FIXTURE(secret_fixture, "is never empty where one is named") {
    const auto in_file = "invalid_request: secret_file " + path.string() +
                         " is set, but the secret in it is empty";
    for (const std::string nothing : {"", "\n", "\r\n"}) {
      ::unsetenv("KVC_SECRET");
      write(nothing);
      CHECK(load() == in_file);
      write("a good one");
      ::setenv("KVC_SECRET", nothing.c_str(), 1);
      CHECK(load() ==
            "invalid_request: KVC_SECRET is set, but the secret in it is "
            "empty");
    }
  }

  TEST_CASE_FIXTURE(secret_fixture, "prefers the environment to the file") {
    write("from the file");
    ::setenv("KVC_SECRET", "from the environment", 1);
    CHECK(load() == "from the environment");
  }

  TEST_CASE_FIXTURE(secret_fixture, "has no zero byte, equal to none in HMAC") {
    const auto why = "invalid_request: the secret in secret_file " +
                     path.string() + " contains a zero byte";
    write(std::string(1, '\0'));
    CHECK(load() == why);
    write(std::string{"a\0\n", 3});
    CHECK(load() == why);
  }

  TEST_CASE_FIXTURE(secret_fixture, "has at most 4 KiB") {
    write(std::string(4096, 'x') + '\n');
    CHECK(load() == std::string(4096, 'x'));
    write(std::string(4097, 'x'));
    const auto why = "invalid_request: the secret in secret_file " +
                     path.string() + " exceeds 4096 bytes";
    CHECK(load() == why);
    write(std::string(4097, 'x') + "\r\n");
    CHECK(load() == why);
    write(std::string(10'000, 'x'));
    CHECK(load() == why);
    write(std::string(4096, 'x') + "\r\n");
    CHECK(load() == std::string(4096, 'x'));
    ::setenv("KVC_SECRET", std::string(4097, 'x').c_str(), 1);
    CHECK(load() ==
          "invalid_request: the secret in KVC_SECRET exceeds 4096 bytes");
  }

  TEST_CASE_FIXTURE(secret_fixture, "cannot come from what is no file") {
    CHECK(load() == "invalid_request: cannot read the secret from " +
                      path.string() + ": No such file or directory");
    for (const std::string place : {"/tmp", "/dev/null"}) {
      const auto secret = load_secret(place);
      REQUIRE_FALSE(secret);
      CHECK(describe(secret.error()) ==
            "invalid_request: cannot read the secret from " + place +
              ": it is no regular file");
    }
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);  // To open it would hang.
    CHECK(load() == "invalid_request: cannot read the secret from " +
                      path.string() + ": it is no regular file");
  }
}
