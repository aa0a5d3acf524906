#include "apps/workload/replay.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "apps/workload/made_up_chunk.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace kvc;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t bytes_per_token = 1;
constexpr std::uint64_t block_bytes = 512 * bytes_per_token;

/// Two instances of two ranks each; a block is two chunks in each rank.
struct replay_fixture {
  chunk_hasher hasher{hash_settings{}, false};
  std::vector<std::unique_ptr<cache_engine>> engines;
  std::vector<replay_instance> instances;
  std::stop_source stop;
  replay_options options{.hasher = &hasher,
                         .bytes_per_token = bytes_per_token,
                         .route = holder(),
                         .on_progress = {}};

  explicit replay_fixture(std::uint64_t capacity_bytes = 100 * block_bytes) {
    for (const auto* name : {"a", "b"})
      instances.push_back(
        {name, {add_engine(capacity_bytes), add_engine(capacity_bytes)}});
  }

  cache_engine* add_engine(std::uint64_t capacity_bytes) {
    auto engine = cache_engine::make(
      {.capacity_bytes = capacity_bytes, .bytes_per_token = bytes_per_token});
    REQUIRE(engine);
    engines.push_back(std::move(*engine));
    return engines.back().get();
  }

  /// Routes to whoever has the first chunk.
  route_function holder() {
    return
      [this](
        std::span<const std::uint64_t> hashes) -> std::optional<std::size_t> {
        for (std::size_t i = 0; i < instances.size(); ++i)
          if (!hashes.empty() && instances[i].ranks[0]->has(hashes[0]))
            return i;
        return std::nullopt;
      };
  }

  static std::string line(std::uint32_t timestamp, int input_length,
                          const std::string& ids) {
    return R"({"timestamp":)" + std::to_string(timestamp) +
           R"(,"output_length":1,"input_length":)" +
           std::to_string(input_length) + R"(,"hash_ids":[)" + ids + "]}\n";
  }

  caf::expected<replay_totals> run(const std::string& text) {
    trace_reader trace{std::make_unique<std::istringstream>(text), "t"};
    return replay(trace, instances, options, stop.get_token());
  }
};

}  // namespace

TEST_SUITE("replay") {
  TEST_CASE_FIXTURE(replay_fixture,
                    "stores what is missing, verifies the rest") {
    const auto done = run(line(0, 1024, "0,1") + line(0, 1500, "0,1,2"));
    REQUIRE(done);
    CHECK(done->requests == 2);
    CHECK(done->routed_requests == 1);
    CHECK(done->chunks == 2 * (4 + 5));
    CHECK(done->hit_chunks == 2 * 4);
    CHECK(done->admitted_chunks == 2 * (4 + 1));
    CHECK(done->evicted_chunks == 0);
    CHECK(done->failed_chunks == 0);
    CHECK(done->verified_bytes == 4 * block_bytes);
    CHECK(done->wrong_bytes == 0);
    CHECK(engines[0]->usage()[0].chunks == 5);
    CHECK(engines[1]->usage()[0].chunks == 5);
    CHECK(engines[2]->usage()[0].chunks == 0);
  }

  TEST_CASE_FIXTURE(replay_fixture, "takes turns where nobody holds a prefix") {
    const auto done =
      run(line(0, 512, "1") + line(0, 512, "2") + line(0, 512, "3"));
    REQUIRE(done);
    CHECK(done->routed_requests == 0);
    CHECK(engines[0]->usage()[0].chunks == 4);
    CHECK(engines[3]->usage()[0].chunks == 2);
  }

  TEST_CASE_FIXTURE(replay_fixture, "gives ranks different bytes") {
    REQUIRE(run(line(0, 512, "1")));
    const auto tokens = prompt_tokens({.input_length = 512, .hash_ids = {1}});
    const auto hashes = hasher.hash_prompt(tokens);
    std::vector<std::byte> copy(256);
    const std::span<std::byte> target{copy};
    for (std::uint32_t rank = 0; rank < 2; ++rank) {
      REQUIRE(engines[rank]->retrieve(tokens, {&target, 1}) == 256);
      CHECK(count_wrong_bytes(copy, hashes[0], rank) == 0);
    }
  }

  TEST_CASE_FIXTURE(replay_fixture, "counts the bytes that are not as stored") {
    const auto tokens = prompt_tokens({.input_length = 512, .hash_ids = {1}});
    std::vector<std::byte> bytes(512);
    const auto hashes = hasher.hash_prompt(tokens);
    make_up_chunk(std::span{bytes}.first(256), hashes[0], 0);
    make_up_chunk(std::span{bytes}.last(256), hashes[1], 0);
    bytes[3] ^= std::byte{1};
    bytes[300] ^= std::byte{1};
    const std::vector<std::span<const std::byte>> chunks{
      std::span{bytes}.first(256), std::span{bytes}.last(256)};
    REQUIRE(engines[0]->store(tokens, chunks));
    const auto done = run(line(0, 512, "1"));
    REQUIRE(done);
    CHECK(done->verified_bytes == 512);
    CHECK(done->wrong_bytes == 2);
  }

  TEST_CASE("counts what was evicted and what had no room") {
    replay_fixture fixture{2 * block_bytes};
    const auto done =
      fixture.run(fixture.line(0, 512, "1") + fixture.line(0, 512, "2") +
                  fixture.line(0, 1536, "1,3,4"));
    REQUIRE(done);
    CHECK(done->admitted_chunks == 2 * (2 + 2 + 2));
    CHECK(done->failed_chunks == 2 * 2);
    CHECK(done->evicted_chunks == 0);
    const auto more = fixture.run(fixture.line(0, 512, "5"));
    REQUIRE(more);
    CHECK(more->admitted_chunks == 2 * 2);
    CHECK(more->evicted_chunks == 2 * 2);
  }

  TEST_CASE_FIXTURE(replay_fixture, "keeps the times of the trace to scale") {
    options.time_scale = 0.1;
    const auto done = run(line(0, 512, "1") + line(300, 512, "1"));
    REQUIRE(done);
    CHECK(done->elapsed >= 30ms);
    CHECK(done->requests == 2);
  }

  TEST_CASE_FIXTURE(replay_fixture, "stops while it waits, telling progress") {
    options.time_scale = 1;
    options.progress_interval = 1ms;
    std::vector<std::uint64_t> seen;
    options.on_progress = [&](const replay_totals& totals) {
      seen.push_back(totals.requests);
      if (seen.size() == 3)
        stop.request_stop();
    };
    const auto done = run(line(0, 512, "1") + line(4'000'000'000, 512, "1"));
    REQUIRE(done);
    CHECK(done->requests == 1);
    CHECK(seen.size() == 3);
    CHECK(seen.back() == 1);
  }

  TEST_CASE_FIXTURE(replay_fixture, "ends with the error of a broken trace") {
    CHECK(run(line(0, 512, "1") + "junk\n") ==
          caf::error{errc::invalid_request});
    CHECK(engines[0]->usage()[0].chunks == 2);
  }

  TEST_CASE_FIXTURE(replay_fixture, "refuses what it cannot replay on") {
    options.bytes_per_token = 2;
    CHECK(run(line(0, 512, "1")) == caf::error{errc::invalid_request});
    options.bytes_per_token = bytes_per_token;
    options.time_scale = -1;
    CHECK(run("") == caf::error{errc::invalid_request});
    options.time_scale = 0;
    instances.clear();
    CHECK(run("") == caf::error{errc::invalid_request});
  }

  TEST_CASE("writes its totals for people") {
    CHECK(to_string(replay_totals{.requests = 4,
                                  .routed_requests = 1,
                                  .chunks = 200,
                                  .hit_chunks = 73,
                                  .peer_chunks = 3,
                                  .peer_bytes = 192,
                                  .admitted_chunks = 127,
                                  .evicted_chunks = 7,
                                  .failed_chunks = 2,
                                  .verified_bytes = 99,
                                  .wrong_bytes = 1,
                                  .elapsed = 1250ms}) ==
          "requests=4 routed=25.0% chunks=200 hit=36.5% (peers 1.5%) "
          "peer_bytes=192 admitted=127 "
          "evicted=7 failed=2 verified_bytes=99 wrong_bytes=1 elapsed=1.2s");
    CHECK(to_string(replay_totals{})
            .starts_with("requests=0 routed=0.0% chunks=0 hit=0.0%"));
  }
}
