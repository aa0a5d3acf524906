#include "apps/node/rank_disk.hpp"

#include "messages/log.hpp"

#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace kvc {

namespace {

constexpr std::uint64_t copied_queue_bytes = std::uint64_t{256} << 20U;
constexpr std::chrono::milliseconds drain_patience{500};

void report_all(const disk_store& disk, membership_listener& listener) {
  constexpr std::size_t step = 4096;
  std::uint64_t cursor = 0;
  do {
    const auto found = disk.scan(cursor, step);
    if (!found.hashes.empty())
      listener.chunks_admitted(location::disk, found.hashes);
    cursor = found.next_cursor;
  } while (cursor != 0);
}

bool stands_for_itself(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
         (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
}

}  // namespace

std::uint64_t disk_queue_bytes(const worker_options& settings) {
  return settings.local_cpu ? settings.max_local_cpu_bytes / 4
                            : copied_queue_bytes;
}

std::filesystem::path disk_folder_of(
  const std::vector<std::filesystem::path>& local_disk, const worker_id& id) {
  constexpr auto* digits = "0123456789ABCDEF";
  std::string name;
  for (const char c : id.instance) {
    if (stands_for_itself(c) && !(c == '.' && name.empty())) {
      name += c;
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    name += '%';
    name += digits[code >> 4U];
    name += digits[code & 15U];
  }
  return local_disk[id.rank % local_disk.size()] / name /
         std::to_string(id.rank);
}

caf::expected<std::unique_ptr<disk_store>> open_rank_disk(
  const worker_node_options& options, const hosted_rank& rank,
  const hash_settings& hashing, membership_listener* listener) {
  const auto& settings = options.settings;
  if (settings.local_disk.empty())
    return std::unique_ptr<disk_store>{};
  const worker_id id{rank.instance, rank.rank};
  disk_store_options disk;
  disk.directory = disk_folder_of(settings.local_disk, id);
  disk.capacity_bytes = settings.max_local_disk_bytes;
  disk.identity = {id, settings.model, hashing, options.format,
                   options.bytes_per_token};
  disk.waits_to_change = settings.enable_controller;
  disk.max_queue_bytes = disk_queue_bytes(settings);
  disk.listener = listener;
  auto opened = disk_store::open(disk);
  if (!opened)
    return opened;
  report_all(**opened, *listener);
  return opened;
}

void drain_disks(caf::actor_system& system,
                 const std::vector<disk_writer_actor>& writers) {
  caf::scoped_actor self{system};
  for (const auto& writer : writers)
    self->send(writer, drain_queue{drain_patience});
  const auto deadline = std::chrono::steady_clock::now() + 2 * drain_patience;
  for (std::size_t i = 0; i < writers.size(); ++i)
    self->receive(
      [](const queue_drained& end) {
        if (end.dropped_chunks > 0)
          spdlog::warn("worker: not written to disk chunks={}",
                       end.dropped_chunks);
      },
      caf::after(std::max(deadline - std::chrono::steady_clock::now(), {})) >>
        [] { spdlog::warn("worker: a disk is too slow to end in time"); });
  for (const auto& writer : writers)
    caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
}

}  // namespace kvc
