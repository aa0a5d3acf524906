#pragma once

#include "actors/index/local_lookup_source.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace kvc {

/// Instances with some ranks each, all of which hold the instance's chunks.
struct index_fleet_shape {
  std::uint32_t instances = 1;
  std::uint32_t ranks = 1;
  std::uint64_t block_chunks = 1U << 19U;  ///< See `index_fleet`.
};

/// An index in this process and the workers that report to it. Chunks are
/// numbers; they come in blocks, which the instances hold in turn. One thread
/// reports.
class index_fleet {
 public:
  static constexpr std::size_t report_keys = 4096;  ///< Divides a block.

  explicit index_fleet(index_fleet_shape shape);

  /// A worker reports `keys` as held, or not. Returns the time of this core
  /// that it took, in nanoseconds.
  std::int64_t report(std::uint32_t worker, bool is_admission,
                      const std::vector<std::uint64_t>& keys);

  /// All ranks of its instance report a block's chunks, one rank after the
  /// other. Calls `on_report` with the time that each report took.
  template <class Function>
  void report_block(std::uint64_t block, bool is_admission,
                    const Function& on_report, std::size_t keys = report_keys) {
    for (std::uint32_t rank = 0; rank < shape_.ranks; ++rank)
      for (std::uint64_t i = 0; i < shape_.block_chunks; i += keys)
        on_report(report(first_worker(block) + rank, is_admission,
                         hashes(block * shape_.block_chunks + i, keys)));
  }

  /// Returns the first rank of the block's instance.
  std::uint32_t first_worker(std::uint64_t block) const {
    return static_cast<std::uint32_t>(block % shape_.instances) * shape_.ranks;
  }

  /// Returns the hashes of successive chunks.
  static std::vector<std::uint64_t> hashes(std::uint64_t first,
                                           std::uint64_t count);

  std::uint64_t reports_per_block() const {
    return shape_.block_chunks * shape_.ranks;
  }
  const index_fleet_shape& shape() const { return shape_; }
  kv_index& index() { return *index_; }
  lookup_source& lookups() { return *lookups_; }
  kv_index::generation_id generation(std::uint32_t worker) const {
    return generations_[worker];
  }

 private:
  index_fleet_shape shape_;
  std::shared_ptr<kv_index> index_;
  std::shared_ptr<fleet_board> board_;
  std::unique_ptr<lookup_source> lookups_;
  std::vector<kv_index::generation_id> generations_;  ///< By worker.
};

}  // namespace kvc
