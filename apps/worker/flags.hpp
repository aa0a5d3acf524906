#pragma once

#include "apps/node/worker_node.hpp"
#include "config/load.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kvc {

/// What the command line of kvc-worker says beside the configuration.
struct worker_flags {
  std::uint64_t rank = 0;
  std::uint64_t instances = 1;
  std::uint64_t ranks = 0;  ///< Of each instance; 0 hosts `rank` alone.
  std::uint64_t chunk_bytes = 4096;
  std::string kv_dtype;  ///< Of the chunks' tensors, for lossy compression.
  std::string kv_shape;  ///< Of a full chunk's tensor: numbers and commas.
  std::string journal;
  std::string prompt;      ///< A file with a JSON array of tokens.
  std::string retrieve;    ///< Another such file.
  std::string watch;       ///< Another such file.
  std::uint64_t fill = 0;  ///< Made-up chunks for every rank.
  std::uint64_t fill_seed = 1;
  std::string replay;
  double time_scale = 0;
  std::string route = "prefix";  ///< Or "turns".
  std::uint64_t replay_copies = 1;
  bool replays_for_ever = false;
  bool leaves_when_done = false;

  /// Returns the flags, which set the members of this object.
  std::vector<extra_flag> describe();

  /// Returns what is wrong with the flags. `settings` is null if the
  /// configuration is wrong itself.
  std::vector<std::string> conflicts_with(const worker_options* settings) const;

  /// Returns what the flags ask for, if there are no conflicts.
  worker_node_options node_options(const worker_options& settings) const;

 private:
  /// Returns the name of an instance; `number` is less than `instances`.
  std::string instance_name(const worker_options& settings,
                            std::uint64_t number) const;

  /// Adds what is wrong with several ranks or instances of these settings.
  void check_hosted(const worker_options& settings,
                    std::vector<std::string>& errors) const;
};

}  // namespace kvc
