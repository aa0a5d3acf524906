#include "actors/worker/local_copy.hpp"

namespace kvc {

/// Readers in memory, pins on disk.
struct local_copy::hold_list {
  explicit hold_list(disk_store* store) : disk(store) {}
  hold_list(const hold_list&) = delete;
  hold_list& operator=(const hold_list&) = delete;

  ~hold_list() {
    disk->unpin(pinned);
    while (!readers.empty())
      readers.pop_back();
  }

  disk_store* disk;
  std::vector<chunk_reader> readers;
  std::vector<std::uint64_t> pinned;
};

local_copy::result local_copy::copy(std::span<const std::uint64_t> hashes) {
  result done;
  const auto holds = std::make_shared<hold_list>(disk_);
  for (const auto hash : hashes) {
    auto& chunk = done.chunks.emplace_back(fetched_chunk{.hash = hash});
    if (to_ == location::cpu)
      to_memory(chunk, *holds);
    else
      to_disk(chunk, *holds);
  }
  done.holds = holds;
  return done;
}

void local_copy::to_memory(fetched_chunk& chunk, hold_list& holds) {
  const auto found = disk_->find(chunk.hash);
  if (!found)
    return;
  chunk.tokens = found->tokens;
  chunk.bytes = found->raw_bytes;
  const new_chunk wanted{
    .hash = chunk.hash, .bytes = found->raw_bytes, .tokens = found->tokens};
  auto writer = memory_->reserve({&wanted, 1});
  if (writer.size() == 0) {
    chunk.outcome = chunk_outcome::no_room;
    return;
  }
  const auto room = writer.room(0);
  if (!room.empty() && !disk_->read(chunk.hash, room)) {
    chunk.outcome = chunk_outcome::failed;
    return;
  }
  const auto is_new = writer.commit() == 1;
  auto reader = memory_->acquire({&chunk.hash, 1});
  if (reader.chunks().empty()) {
    chunk.outcome = chunk_outcome::failed;  // Cleared at once.
    return;
  }
  chunk.outcome = is_new ? chunk_outcome::done : chunk_outcome::unchanged;
  holds.readers.push_back(std::move(reader));
}

void local_copy::to_disk(fetched_chunk& chunk, hold_list& holds) {
  const auto reader =
    std::make_shared<const chunk_reader>(memory_->borrow({&chunk.hash, 1}));
  if (reader->chunks().empty())
    return;
  const auto& source = reader->chunks().front();
  chunk.tokens = source.tokens;
  chunk.bytes = source.bytes.size();
  chunk.outcome = disk_->write(
    {{.hash = chunk.hash, .bytes = source.raw_bytes, .tokens = source.tokens},
     source.form,
     source.bytes,
     reader});
  if (chunk.outcome != chunk_outcome::done &&
      chunk.outcome != chunk_outcome::unchanged)
    return;
  const auto pins = disk_->pin({&chunk.hash, 1}, std::nullopt);
  if (pins.front().outcome == chunk_outcome::done)
    holds.pinned.push_back(chunk.hash);
  else
    chunk.outcome = chunk_outcome::failed;  // Cleared at once.
}

}  // namespace kvc
