#pragma once

#include "actors/store/disk_writer.hpp"
#include "apps/node/worker_node.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace kvc {

/// Returns the folder of a rank's files below `local_disk`, which is not empty;
/// ranks take its paths by turns. Every instance has a folder of its own,
/// whatever characters are in its name.
std::filesystem::path disk_folder_of(
  const std::vector<std::filesystem::path>& local_disk, const worker_id& id);

/// Returns how many bytes of chunks may wait to be written: a quarter of the
/// memory, where they stay meanwhile. Without memory they are copies, and a
/// fixed number of bytes.
std::uint64_t disk_queue_bytes(const worker_options& settings);

/// Opens the disk of a rank; null if none is configured. `listener` hears first
/// of what is there already. Fails as disk_store::open does.
caf::expected<std::unique_ptr<disk_store>> open_rank_disk(
  const worker_node_options& options, const hosted_rank& rank,
  const hash_settings& hashing, membership_listener* listener);

/// Gives all disks a short time to write what waits for them, then ends their
/// writers.
void drain_disks(caf::actor_system& system,
                 const std::vector<disk_writer_actor>& writers);

}  // namespace kvc
