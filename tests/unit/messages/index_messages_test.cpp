#include "messages/dialer.hpp"
#include "messages/errors.hpp"
#include "messages/executor.hpp"
#include "messages/lookup.hpp"
#include "tests/unit/messages/round_trip.hpp"

#include <doctest/doctest.h>

#include <cstring>

using namespace kvc;
using namespace kvc::test;

namespace {

/// A key_block on the wire: a count, big endian as CAF writes it, and words.
byte_buffer block_of(std::uint32_t count, std::size_t words) {
  byte_buffer result;
  for (int shift = 24; shift >= 0; shift -= 8)
    result.push_back(static_cast<char>((count >> shift) & 255U));
  result.resize(result.size() + words * 8);
  return result;
}

}  // namespace

TEST_SUITE("index messages on the wire") {
  TEST_CASE_FIXTURE(message_system, "carry reports") {
    const report_run run{location::disk, false, 3};
    CHECK(send(run) == run);
    chunk_report report;
    report.epoch = 1;
    report.sequence = 2;
    report.begins_sync = true;
    report.runs = {run, {location::cpu, true, 1}};
    report.keys.keys = {0, ~0ULL, 0x0123456789abcdefULL, 5};
    const auto received = send(report);
    CHECK(received.epoch == 1);
    CHECK(received.sequence == 2);
    CHECK(received.begins_sync);
    CHECK_FALSE(received.ends_sync);
    CHECK(received.runs == report.runs);
    CHECK(received.keys == report.keys);
    report.begins_sync = false;
    report.ends_sync = true;
    CHECK_FALSE(send(report).begins_sync);
    CHECK(send(report).ends_sync);
    const auto ack = send(report_ack{1, 2, report_status::needs_sync});
    CHECK(ack.epoch == 1);
    CHECK(ack.sequence == 2);
    CHECK(ack.status == report_status::needs_sync);
  }

  TEST_CASE_FIXTURE(message_system, "carry epochs") {
    const auto opening = send(open_epoch{1, 2});
    CHECK(opening.epoch == 1);
    CHECK(opening.worker_slot == 2);
    CHECK(send(epoch_opened{3}).applied_sequence == 3);
    CHECK(send(close_epoch{4}).epoch == 4);
  }

  TEST_CASE_FIXTURE(message_system, "carry lookups") {
    const auto question = send(find_prefixes{{{1, 2}}, "llama"});
    CHECK(question.hashes.keys == std::vector<std::uint64_t>{1, 2});
    CHECK(question.model == "llama");
    const prefix_match match{"a", location::disk, 7};
    CHECK(send(match) == match);
    const std::vector<prefix_match> matches{match, {"b", location::cpu, 1}};
    CHECK(send(matches) == matches);
  }

  TEST_CASE_FIXTURE(message_system, "carry errors with their details") {
    const auto error = caf::make_error(errc::no_capacity, "why");
    CHECK(describe(send(error)) == "no_capacity: why");
  }
}

TEST_SUITE("key_block") {
  TEST_CASE_FIXTURE(message_system, "is a count and raw little-endian words") {
    key_block block{{0x0123456789abcdefULL}};
    byte_buffer buffer;
    caf::binary_serializer sink{get(), buffer};
    REQUIRE(sink(block) == caf::none);
    auto expected = block_of(1, 1);
    std::memcpy(expected.data() + 4, "\xef\xcd\xab\x89\x67\x45\x23\x01", 8);
    CHECK(buffer == expected);
  }

  TEST_CASE_FIXTURE(message_system, "carries none and the most keys") {
    CHECK(send(key_block{}).keys.empty());
    key_block most;
    most.keys.assign(key_block::max_keys, 7);
    most.keys.back() = 8;
    CHECK(send(most) == most);
  }

  TEST_CASE_FIXTURE(message_system, "refuses to send too many keys") {
    key_block block;
    block.keys.resize(key_block::max_keys + 1);
    byte_buffer buffer;
    caf::binary_serializer sink{get(), buffer};
    CHECK(sink(block) == caf::sec::invalid_argument);
    CHECK(buffer.empty());
  }

  TEST_CASE_FIXTURE(message_system,
                    "refuses a forged count without allocating") {
    for (const auto count : {key_block::max_keys + 1, ~0U}) {
      const auto buffer = block_of(count, 1);
      caf::binary_deserializer source{get(), buffer};
      key_block received;
      CHECK(source(received) == caf::sec::invalid_argument);
      CHECK(received.keys.capacity() == 0);
    }
  }

  TEST_CASE_FIXTURE(message_system, "refuses fewer words than counted") {
    const auto buffer = block_of(2, 1);
    caf::binary_deserializer source{get(), buffer};
    key_block received;
    CHECK(source(received) == caf::sec::end_of_stream);
  }

  TEST_CASE("shows its size alone") {
    CHECK(to_string(key_block{{1, 2, 3}}) == "key_block[3]");
  }
}
