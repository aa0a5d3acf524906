#include "apps/workload/journal.hpp"

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
    auto log = journal::open(directory / "deep" / "all.journal");
    REQUIRE(log);
    const auto first = (*log)->listener({"vllm-0", 3}, &next);
    const auto second = (*log)->listener({"b/c", 0}, nullptr);
    const std::vector<std::uint64_t> two{0, UINT64_MAX};
    const std::vector<std::uint64_t> one{5};
    first->chunks_admitted(location::cpu, two);
    second->chunks_admitted(location::cpu, one);
    first->chunks_evicted(location::disk, one);
    CHECK(read("deep/all.journal") == "");
    CHECK((*log)->flush());
    CHECK(read("deep/all.journal") ==
          "W vllm-0/3\nW b/c/0\n"
          "A 0 0 vllm-0/3\nA 0 18446744073709551615 vllm-0/3\n"
          "A 0 5 b/c/0\nE 1 5 vllm-0/3\n");
    CHECK(next.admitted == 2);
    CHECK(next.evicted == 1);
  }

  TEST_CASE_FIXTURE(directory_fixture, "writes the rest when it ends") {
    constexpr std::uint64_t first = 1'000'000'000;
    std::string expected = "W a/0\n";
    {
      auto log = journal::open(directory / "j");
      REQUIRE(log);
      const auto worker = (*log)->listener({"a", 0}, nullptr);
      for (std::uint64_t hash = first; hash < first + 20'000; ++hash) {
        worker->chunks_admitted(location::cpu, {&hash, 1});
        expected += "A 0 " + std::to_string(hash) + " a/0\n";
      }
      const auto written = read("j").size();
      CHECK(written > expected.size() - 80'000);
      CHECK(written < expected.size());
    }
    CHECK(read("j") == expected);
  }

  TEST_CASE_FIXTURE(directory_fixture, "begins anew when opened again") {
    const std::uint64_t hash = 1;
    {
      auto log = journal::open(directory / "j");
      REQUIRE(log);
      (*log)->listener({"a", 0}, nullptr)->chunks_admitted({}, {&hash, 1});
    }
    CHECK(read("j") == "W a/0\nA 0 1 a/0\n");
    CHECK((*journal::open(directory / "j"))->flush());
    CHECK(read("j") == "");
  }

  TEST_CASE_FIXTURE(directory_fixture, "refuses a place it cannot write to") {
    CHECK(journal::open("/proc/none/j") == caf::error{errc::invalid_request});
    std::filesystem::create_directories(directory);
    CHECK(journal::open(directory) == caf::error{errc::invalid_request});
  }

  TEST_CASE_FIXTURE(directory_fixture, "tells when the disk is full") {
    auto log = journal::open("/dev/full");
    REQUIRE(log);
    const auto worker = (*log)->listener({"a", 0}, nullptr);
    const std::uint64_t hash = 1;
    worker->chunks_admitted(location::cpu, {&hash, 1});
    CHECK_FALSE((*log)->flush());
  }
}
