#include "apps/node/rank_disk.hpp"

#include "tests/support/store_support.hpp"
#include "tests/support/temporary_directory.hpp"

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

  TEST_CASE("finds no chunks of another size") {
    test::temporary_directory directory;
    worker_node_options options;
    options.settings.local_disk = {directory.path()};
    options.settings.max_local_disk_bytes = 1'000'000;
    options.settings.model = "llama";
    options.bytes_per_token = 16;
    test::change_recorder log{location::disk};
    const hosted_rank here{"vllm-0", 0, 1};
    const hash_settings hashing{.chunk_size = 4};
    const auto data = std::make_shared<const std::vector<std::byte>>(64);
    const kept_chunk chunk{
      {.hash = 1, .bytes = 64, .tokens = 4}, codec_id::none, *data, data};
    const auto chunks_with = [&](std::uint64_t bytes_per_token) {
      options.bytes_per_token = bytes_per_token;
      auto opened = open_rank_disk(options, here, hashing, &log);
      REQUIRE(opened);
      return std::move(*opened);
    };
    CHECK(chunks_with(16)->write(chunk) == chunk_outcome::done);
    log.take();
    CHECK(chunks_with(32)->usage().chunks == 0);
    CHECK(log.take().empty());  // So that no lookup promises it.
    CHECK(chunks_with(16)->usage().chunks == 1);
    CHECK(log.take() == std::vector{test::change_recorder::change{true, 1}});
  }
}
