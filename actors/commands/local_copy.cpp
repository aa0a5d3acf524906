#include "actors/commands/local_copy.hpp"

namespace kvc {

local_copy::result local_copy::copy(std::span<const std::uint64_t> hashes) {
  result done;
  const auto holds = std::make_shared<chunk_holds>();
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    auto& chunk = done.chunks.emplace_back(fetched_chunk{.hash = hashes[i]});
    if (to_ == location::cpu)
      to_cpu(i, chunk, *holds);
    else
      to_disk(i, chunk, *holds);
  }
  done.holds = holds;
  return done;
}

void local_copy::to_cpu(std::size_t place, fetched_chunk& chunk,
                        chunk_holds& holds) {
  const auto found = disk_->find(chunk.hash);
  if (!found)
    return;
  chunk.tokens = found->tokens;
  chunk.bytes = found->raw_bytes;
  const new_chunk wanted{
    .hash = chunk.hash, .bytes = found->raw_bytes, .tokens = found->tokens};
  auto writer = cpu_->reserve({&wanted, 1});
  if (writer.size() == 0) {
    chunk.outcome = chunk_outcome::no_room;
    return;
  }
  const auto room = writer.room(0);
  if (!room.empty() && !disk_->peek(chunk.hash, room)) {
    chunk.outcome = chunk_outcome::failed;
    return;
  }
  const auto is_new = writer.commit() == 1;
  auto reader = cpu_->acquire({&chunk.hash, 1});
  if (reader.chunks().empty()) {
    chunk.outcome = chunk_outcome::failed;  // Cleared at once.
    return;
  }
  chunk.outcome = is_new ? chunk_outcome::done : chunk_outcome::unchanged;
  holds.add(place, std::move(reader));
}

void local_copy::to_disk(std::size_t place, fetched_chunk& chunk,
                         chunk_holds& holds) {
  const auto reader =
    std::make_shared<const chunk_reader>(cpu_->borrow({&chunk.hash, 1}));
  if (reader->chunks().empty())
    return;
  const auto& source = reader->chunks().front();
  chunk.tokens = source.tokens;
  chunk.bytes = source.bytes.size();
  const kept_chunk kept{
    {.hash = chunk.hash, .bytes = source.raw_bytes, .tokens = source.tokens},
    source.codec,
    source.bytes,
    reader};
  chunk.outcome = disk_->write(kept);
  // What is damaged is found by reading only, and then gone.
  if (chunk.outcome == chunk_outcome::unchanged && !disk_->verify(chunk.hash))
    chunk.outcome = disk_->write(kept);
  if (chunk.outcome != chunk_outcome::done &&
      chunk.outcome != chunk_outcome::unchanged)
    return;
  if (auto hold = disk_->hold(chunk.hash))
    holds.add(place, std::move(*hold));
  else
    chunk.outcome = chunk_outcome::failed;  // Cleared at once.
}

}  // namespace kvc
