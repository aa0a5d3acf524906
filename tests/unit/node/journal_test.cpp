#include "apps/node/journal.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <sstream>
#include <vector>

using namespace kvc;

namespace {

struct directory_fixture {
  std::filesystem::path directory =
    std::filesystem::temp_directory_path() /
    ("kvc_journal_test-" + std::to_string(::getpid()));

  ~directory_fixture() { std::filesystem::remove_all(directory); }

  std::string read(const std::string& name) const {
    std::ifstream file{directory / name};
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
};

/// Counts what reaches the next listener.
struct counting_listener final : membership_listener {
  std::size_t admitted = 0;
  std::size_t evicted = 0;

  void chunks_admitted(location,
                       std::span<const std::uint64_t> hashes) override {
    admitted += hashes.size();
  }
  void chunks_evicted(location,
                      std::span<const std::uint64_t> hashes) override {
    evicted += hashes.size();
  }
};

}  // namespace

TEST_SUITE("journal") {
  TEST_CASE_FIXTURE(directory_fixture, "writes changes in order, one a line") {
    counting_listener next;
    auto log = journal::open(directory / "deep", {"vllm-0", 3}, &next);
    REQUIRE(log);
    const std::vector<std::uint64_t> two{0, UINT64_MAX};
    const std::vector<std::uint64_t> one{5};
    (*log)->chunks_admitted(location::cpu, two);
    (*log)->chunks_evicted(location::disk, one);
    CHECK(read("deep/vllm-0-3.journal") == "");
    CHECK((*log)->flush());
    CHECK(read("deep/vllm-0-3.journal") ==
          "A 0 0\nA 0 18446744073709551615\nE 1 5\n");
    CHECK(next.admitted == 2);
    CHECK(next.evicted == 1);
  }

  TEST_CASE_FIXTURE(directory_fixture, "writes the rest when it ends") {
    constexpr std::uint64_t first = 1'000'000'000;
    std::string expected;
    {
      auto log = journal::open(directory, {"a", 0}, nullptr);
      REQUIRE(log);
      for (std::uint64_t hash = first; hash < first + 20'000; ++hash) {
        (*log)->chunks_admitted(location::cpu, {&hash, 1});
        expected += "A 0 " + std::to_string(hash) + '\n';
      }
      const auto written = read("a-0.journal").size();
      CHECK(written > expected.size() - 80'000);
      CHECK(written < expected.size());
    }
    CHECK(read("a-0.journal") == expected);
  }

  TEST_CASE_FIXTURE(directory_fixture, "begins anew when opened again") {
    const std::uint64_t hash = 1;
    (*journal::open(directory, {"a", 0}, nullptr))
      ->chunks_admitted(location::cpu, {&hash, 1});
    CHECK(read("a-0.journal") == "A 0 1\n");
    CHECK((*journal::open(directory, {"a", 0}, nullptr))->flush());
    CHECK(read("a-0.journal") == "");
  }

  TEST_CASE_FIXTURE(directory_fixture, "refuses a place it cannot write to") {
    CHECK(journal::open("/proc/none", {"a", 0}, nullptr) ==
          caf::error{errc::invalid_request});
    CHECK(journal::open(directory, {"../a", 0}, nullptr) ==
          caf::error{errc::invalid_request});
  }

  TEST_CASE_FIXTURE(directory_fixture, "tells when the disk is full") {
    std::filesystem::create_directories(directory);
    std::filesystem::create_symlink("/dev/full", directory / "a-0.journal");
    auto log = journal::open(directory, {"a", 0}, nullptr);
    REQUIRE(log);
    const std::uint64_t hash = 1;
    (*log)->chunks_admitted(location::cpu, {&hash, 1});
    CHECK_FALSE((*log)->flush());
  }
}
