#include "apps/node/rank_disk.hpp"

#include <doctest/doctest.h>

using namespace kvc;

TEST_SUITE("rank disk") {
  TEST_CASE("lets a quarter of the memory wait for the disk") {
    worker_options settings;
    settings.max_local_cpu_bytes = std::uint64_t{80} << 30U;
    CHECK(disk_queue_bytes(settings) == std::uint64_t{20} << 30U);
    settings.local_cpu = false;
    CHECK(disk_queue_bytes(settings) == std::uint64_t{256} << 20U);
  }

  TEST_CASE("gives every instance a folder of its own") {
    CHECK(disk_folder_of({"/d"}, {"vllm-0", 3}) == "/d/vllm-0/3");
    CHECK(disk_folder_of({"/d"}, {"..", 0}) == "/d/%2E./0");
    CHECK(disk_folder_of({"/d"}, {"a/b%c", 0}) == "/d/a%2Fb%25c/0");
  }

  TEST_CASE("spreads the ranks over several disks") {
    const std::vector<std::filesystem::path> disks{"/d", "/e"};
    CHECK(disk_folder_of(disks, {"a", 0}) == "/d/a/0");
    CHECK(disk_folder_of(disks, {"a", 1}) == "/e/a/1");
    CHECK(disk_folder_of(disks, {"a", 2}) == "/d/a/2");
  }
}
