#include "actors/index/fair_shared_mutex.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <shared_mutex>
#include <thread>
#include <vector>

using namespace kvc;

namespace {

/// Readers that are never all away pass over and over while somebody writes,
/// at most `patience` times. Returns how often they passed.
template <class Mutex>
std::uint64_t count_reads(std::uint64_t patience, int writes) {
  Mutex mutex;
  std::atomic<std::uint64_t> reads{0};
  std::atomic<bool> is_done{false};
  std::vector<std::thread> readers;
  constexpr int reader_count = 4;
  readers.reserve(reader_count);
  for (int i = 0; i < reader_count; ++i)
    readers.emplace_back([&] {
      while (!is_done && reads < patience) {
        const std::shared_lock lock{mutex};
        ++reads;
        std::this_thread::yield();  // Not without a reader at any time.
      }
    });
  while (reads < 1'000)
    std::this_thread::yield();
  for (int i = 0; i < writes; ++i)
    const std::unique_lock lock{mutex};
  is_done = true;
  for (auto& reader : readers)
    reader.join();
  return reads;
}

}  // namespace

TEST_SUITE("fair_shared_mutex") {
  TEST_CASE("lets a writer through between readers") {
    constexpr std::uint64_t patience = 2'000'000;
    CHECK(count_reads<fair_shared_mutex>(patience, 100) < patience);
  }
}
