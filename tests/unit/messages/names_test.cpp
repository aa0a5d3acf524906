#include "messages/errors.hpp"
#include "messages/registry.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace kvc;

TEST_SUITE("names") {
  TEST_CASE("locations and algorithms are those of LMCache") {
    CHECK(to_string(location::cpu) == "LocalCPUBackend");
    CHECK(to_string(location::disk) == "LocalDiskBackend");
    CHECK(to_string(static_cast<location>(9)) == "location_9");
    CHECK(to_string(hash_algorithm::builtin) == "builtin");
    CHECK(to_string(hash_algorithm::sha256_cbor) == "sha256_cbor");
    CHECK(to_string(static_cast<hash_algorithm>(9)) == "algorithm_9");
  }

  TEST_CASE("statuses keep their numbers and names") {
    const std::array names{"applied", "stale_epoch", "needs_sync", "invalid",
                           "out_of_memory"};
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(to_string(static_cast<report_status>(i)) == names[i]);
    CHECK(to_string(static_cast<report_status>(200)) == "status_200");
  }

  TEST_CASE("errors keep their numbers and names") {
    const std::array names{
      "errc_0",           "invalid_request",  "unknown_worker",
      "unknown_instance", "stale_epoch",      "superseded",
      "version_mismatch", "hashing_mismatch", "rank_count_mismatch",
      "not_ready",        "unauthorized",     "unreachable",
      "timed_out",        "connection_lost",  "no_capacity",
      "unknown_location", "unknown_event",    "too_busy",
      "io_failed"};
    for (std::size_t i = 0; i < names.size(); ++i)
      CHECK(to_string(static_cast<errc>(i)) == names[i]);
    CHECK(to_string(static_cast<errc>(255)) == "errc_255");
  }

  TEST_CASE("errors are described by name and detail") {
    CHECK(describe(errc::stale_epoch) == "stale_epoch");
    CHECK(describe(caf::make_error(errc::superseded, "a/0")) ==
          "superseded: a/0");
    CHECK(describe(caf::make_error(errc::superseded, 5)) == "superseded");
    CHECK(describe(caf::sec::request_timeout) ==
          to_string(caf::error{caf::sec::request_timeout}));
    CHECK(describe(caf::sec::request_timeout) != "");
  }

  TEST_CASE("workers are named by instance and rank") {
    CHECK(to_string(worker_id{"vllm", 3}) == "vllm/3");
    CHECK(worker_id{"a", 9} < worker_id{"b", 0});
    CHECK(worker_id{"a", 2} < worker_id{"a", 10});
  }

  TEST_CASE("a newer incarnation is the greater one") {
    CHECK(incarnation{1, 9} < incarnation{2, 0});
    CHECK(incarnation{1, 1} < incarnation{1, 2});
  }
}

TEST_SUITE("shard_of") {
  TEST_CASE("is part of the protocol") {
    CHECK(shard_of(0, 1, 8) == 0);
    CHECK(shard_of(1ULL << 63U, 1, 8) == 4);
    CHECK(shard_of(~0ULL, 1, 8) == 7);
    CHECK(shard_of(1ULL << 60U, 3, 8) == 1);
    CHECK(shard_of(0x123456789abcdef0ULL, 0x9e3779b97f4a7c15ULL, 5) == 3);
  }

  TEST_CASE("names only shards that there are") {
    for (const std::size_t shards : {1U, 2U, 3U, 7U, 64U}) {
      for (std::uint64_t i = 0; i < 1000; ++i) {
        REQUIRE(shard_of(i * 0x9e3779b97f4a7c15ULL, 1, shards) < shards);
        REQUIRE(shard_of(~i, 1, shards) == shards - 1);
      }
    }
  }

  TEST_CASE("spreads even successive hashes evenly") {
    for (const std::size_t shards : {2U, 3U, 8U}) {
      std::vector<std::size_t> counts(shards);
      for (std::uint64_t i = 0; i < 8'000; ++i)
        ++counts[shard_of(i, 0x9e3779b97f4a7c15ULL, shards)];
      for (const auto count : counts) {
        CHECK(count * shards > 7'900);
        CHECK(count * shards < 8'100);
      }
    }
  }
}
