#pragma once

#include "actors/reporting/report_stream.hpp"
#include "messages/registry.hpp"
#include "tests/support/slab_store.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

namespace kvc::test {

using keys = std::vector<std::uint64_t>;
using runs = std::vector<report_run>;
using verdict = report_stream::verdict;

inline constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15U;

/// A stream of one shard whose answers the test gives.
struct stream_fixture {
  change_hub hub;
  slab_store store{hub};
  report_stream stream{hub, store, 0};

  void start(report_window window, std::uint64_t epoch = 7) {
    hub.start({multiplier, 1}, [](std::size_t) {});
    stream.start(epoch, window);
  }

  void fill(std::uint64_t first, std::uint64_t last) {
    for (auto hash = first; hash <= last; ++hash)
      store.admit(hash);
  }

  std::vector<chunk_report> send() {
    std::vector<chunk_report> result;
    while (const auto report = stream.next())
      result.push_back(report->get_as<chunk_report>(0));
    return result;
  }

  verdict answer(std::uint64_t sequence,
                 report_status status = report_status::applied,
                 std::uint64_t epoch = 7) {
    return stream.acknowledge({epoch, sequence, status});
  }

  keys resume(std::uint64_t applied_sequence) {
    keys result;
    for (const auto& report : stream.resume(applied_sequence))
      result.push_back(report.get_as<chunk_report>(0).sequence);
    return result;
  }
};

}  // namespace kvc::test
