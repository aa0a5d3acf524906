#include "apps/bench/index/index_fleet.hpp"

#include "apps/bench/clocks.hpp"
#include "apps/bench/index/index_bound.hpp"

#include <spdlog/fmt/fmt.h>

namespace kvc {

namespace {

constexpr std::uint64_t multiplier = 0xd1342543de82ef95U;

}  // namespace

index_fleet::index_fleet(index_fleet_shape shape)
    : shape_(shape),
      index_(std::make_shared<kv_index>(
        kv_index_options{.key_multiplier = multiplier})),
      board_(std::make_shared<fleet_board>()),
      lookups_(std::make_unique<local_lookup_source>(
        board_, std::vector<std::shared_ptr<const kv_index>>{index_},
        multiplier)) {
  auto view = std::make_shared<fleet_view>();
  for (std::uint32_t i = 0; i < shape.instances; ++i) {
    view->instances.push_back(
      {fmt::format("instance{:05}", i), "", shape.ranks, shape.ranks, {}});
    for (std::uint32_t rank = 0; rank < shape.ranks; ++rank) {
      const auto worker = i * shape.ranks + rank;
      view->live_epochs.push_back(worker + 1);
      view->instance_of.push_back(i);
      generations_.push_back(index_->open_generation(worker, worker + 1));
      index_->complete_generation(generations_.back());
    }
  }
  board_->publish(std::move(view));
}

std::vector<std::uint64_t> index_fleet::hashes(std::uint64_t first,
                                               std::uint64_t count) {
  std::vector<std::uint64_t> result;
  result.reserve(count);
  for (auto i = first; i < first + count; ++i)
    result.push_back(scattered(i));
  return result;
}

std::int64_t index_fleet::report(std::uint32_t worker, bool is_admission,
                                 const std::vector<std::uint64_t>& keys) {
  const report_run run{location::cpu, is_admission,
                       static_cast<std::uint32_t>(keys.size())};
  const auto begin = thread_cpu_ns();
  index_->apply(generations_[worker], {&run, 1}, keys);
  return thread_cpu_ns() - begin;
}

}  // namespace kvc
