#include "apps/bench/index/index_bound.hpp"

#include "apps/bench/clocks.hpp"

#include <algorithm>

namespace kvc {

namespace {

constexpr std::uint64_t updates = 1U << 21U;
constexpr std::uint64_t lookahead = 16;

}  // namespace

index_bound::index_bound(std::uint64_t bytes)
    : lines_(std::max<std::uint64_t>(bytes / sizeof(cache_line), 1)) {
  for (std::size_t i = 0; i < lines_.size(); ++i)
    lines_[i].words[0] = i;
}

std::size_t index_bound::place(std::uint64_t i) const {
  const auto high = scattered(i) >> 32U;
  return static_cast<std::size_t>((high * lines_.size()) >> 32U);
}

double index_bound::updates_per_second() {
  const auto begin = thread_cpu_ns();
  for (const auto end = next_ + updates; next_ != end; ++next_) {
    const auto ahead = 2 * (next_ + lookahead);
    __builtin_prefetch(&lines_[place(ahead)], 1);
    __builtin_prefetch(&lines_[place(ahead + 1)], 1);
    ++lines_[place(2 * next_)].words[1];
    ++lines_[place(2 * next_ + 1)].words[1];
  }
  return static_cast<double>(updates) * 1e9 /
         static_cast<double>(thread_cpu_ns() - begin);
}

double index_bound::read_us(std::uint64_t lines) const {
  constexpr std::uint64_t rounds = 4096;
  std::uint64_t sum = 0;
  const auto begin = thread_cpu_ns();
  for (std::uint64_t round = 0; round < rounds; ++round) {
    // Depends on what was read before, as one lookup follows another.
    const auto first = round * lines + sum;
    for (std::uint64_t i = 0; i < lines; ++i)
      __builtin_prefetch(&lines_[place(first + i)]);
    for (std::uint64_t i = 0; i < lines; ++i)
      sum += lines_[place(first + i)].words[2];
  }
  const auto spent = static_cast<double>(thread_cpu_ns() - begin);
  return sum == 0 ? spent / 1e3 / rounds : 0;
}

}  // namespace kvc
