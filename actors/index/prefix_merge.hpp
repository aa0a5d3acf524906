#pragma once

#include "actors/fleet/fleet_view.hpp"
#include "actors/index/kv_index.hpp"
#include "messages/lookup.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// Turns the holders of successive chunks into the length of the prefix that
/// each instance holds. One object serves many lookups, one after the other,
/// and allocates nothing but their results.
class prefix_merge {
 public:
  /// Begins a lookup.
  void begin(std::shared_ptr<const fleet_view> fleet, std::string_view model);

  /// Takes the holders of the next chunk. Returns whether some instance holds
  /// all chunks so far.
  bool add(std::span<const holder> holders);

  /// Returns the matches, longest first, equally long ones by name.
  prefix_matches finish();

 private:
  struct instance_tally {
    std::uint64_t stamp = 0;      ///< The last chunk that a rank of it holds.
    std::uint32_t ranks = 0;      ///< Ranks that hold that chunk.
    std::uint32_t cpu_ranks = 0;  ///< Ranks that hold it in location::cpu.
    std::uint32_t length = 0;     ///< Chunks that all ranks hold, once known.
    location where = location::cpu;
  };

  struct worker_tally {
    std::uint64_t stamp = 0;      ///< The last chunk that it holds.
    std::uint64_t cpu_stamp = 0;  ///< The last one in location::cpu.
  };

  /// What the first chunk of the last lookup led to: many prompts begin alike.
  struct opening {
    struct match {
      std::uint32_t instance = 0;
      location where = location::cpu;
    };

    bool is_known = false;  ///< For this fleet and model.
    std::vector<holder> holders;
    std::vector<match> matches;
  };

  void count(holder h);
  void keep_whole_prefixes();
  void open();
  void open_again();

  std::shared_ptr<const fleet_view> fleet_;
  std::string model_;
  opening opening_;
  std::uint32_t chunks_ = 0;  ///< Chunks added so far.
  std::uint64_t stamp_ = 0;   ///< Names the chunk, across all lookups.
  std::vector<instance_tally> instances_;
  std::vector<worker_tally> workers_;
  std::vector<std::uint32_t> survivors_;  ///< Instances that hold all chunks.
  std::vector<std::uint32_t> matched_;  ///< Instances that hold the first one.
  std::vector<holder> previous_;        ///< Holders of the chunk before.
};

}  // namespace kvc
