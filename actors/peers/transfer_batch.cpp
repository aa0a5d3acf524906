#include "actors/peers/transfer_batch.hpp"

#include "actors/peers/lease_check.hpp"

#include <algorithm>
#include <unordered_map>

namespace kvc {

namespace {

constexpr std::uint8_t last_codec = static_cast<std::uint8_t>(codec_id::int8);

constexpr auto contradiction = "the lease contradicts itself";

std::string to_string(const chunk_format& format) {
  auto result = format.dtype.empty() ? "any dtype" : format.dtype;
  for (std::size_t i = 0; i < std::min<std::size_t>(8, format.shape.size());
       ++i)
    result += (i == 0 ? " of " : "x") + std::to_string(format.shape[i]);
  return result;
}

/// Returns what `lease` says, and where it is silent what is ours.
chunk_format format_of(const chunk_lease& lease, const chunk_format& ours) {
  return {lease.dtype.empty() ? ours.dtype : lease.dtype,
          lease.shape.empty() ? ours.shape : lease.shape};
}

}  // namespace

void transfer_batch::place(const chunk_lease& lease,
                           std::span<const std::uint64_t> wanted) {
  format_ = format_of(lease, store_->format());
  if (wanted.empty()) {
    for (const auto& source : lease.chunks) {
      chunks_.push_back({.hash = source.hash});
      place_one(chunks_.size() - 1, source);
    }
    for (const auto hash : lease.withheld.keys)
      note_withheld(chunks_.emplace_back(fetched_chunk{.hash = hash}));
    return;
  }
  // Null: withheld.
  std::unordered_map<std::uint64_t, const leased_chunk*> by_hash;
  for (const auto& source : lease.chunks)
    by_hash.emplace(source.hash, &source);
  for (const auto hash : lease.withheld.keys)
    by_hash.emplace(hash, nullptr);
  for (const auto hash : wanted) {
    auto& chunk = chunks_.emplace_back(fetched_chunk{.hash = hash});
    const auto found = by_hash.find(hash);
    if (found == by_hash.end())
      continue;
    if (found->second == nullptr)
      note_withheld(chunk);
    else
      place_one(chunks_.size() - 1, *found->second);
  }
}

void transfer_batch::note_withheld(fetched_chunk& chunk) {
  chunk.outcome = chunk_outcome::failed;
  if (trouble_.empty())
    trouble_ = "the peer cannot read it, or has no memory to do so";
}

/// Says of a chunk that must not come here what becomes of it; `done` of
/// others.
chunk_outcome transfer_batch::objection(const leased_chunk& source) {
  if (!are_alike(format_, store_->format())) {
    trouble_ = "the peer's chunks are " + to_string(format_) + ", ours " +
               to_string(store_->format());
    return chunk_outcome::unsuitable;
  }
  if (source.codec > last_codec ||
      source.raw_bytes != source.tokens * bytes_per_token_) {
    trouble_ = "the peer's chunks are of another size or codec";
    return chunk_outcome::unsuitable;
  }
  if (is_consistent(source, format_))
    return chunk_outcome::done;
  trouble_ = contradiction;
  return chunk_outcome::failed;
}

void transfer_batch::place_one(std::size_t index, const leased_chunk& source) {
  auto& chunk = chunks_[index];
  chunk.tokens = source.tokens;
  chunk.bytes = source.bytes;
  chunk.outcome = objection(source);
  if (chunk.outcome != chunk_outcome::done)
    return;
  const new_chunk wanted{.hash = source.hash,
                         .bytes = source.bytes,
                         .tokens = source.tokens,
                         .codec = static_cast<codec_id>(source.codec),
                         .raw_bytes = source.raw_bytes,
                         .checksum = source.checksum};
  if (disk_ != nullptr)
    return place_for_disk(index, source, wanted);
  auto writer = store_->reserve({&wanted, 1});
  if (writer.size() == 0) {
    chunk.outcome = chunk_outcome::no_room;
  } else if (writer.room(0).empty()) {
    chunk.outcome = chunk_outcome::unchanged;
    holds_->add(index, store_->acquire({&source.hash, 1}));
  } else {
    await(index, source, std::move(writer));
  }
}

void transfer_batch::place_for_disk(std::size_t index,
                                    const leased_chunk& source,
                                    const new_chunk& wanted) {
  // The source may drop what is here: a name in the catalog is not enough.
  if (disk_->verify(source.hash)) {
    if (auto hold = disk_->hold(source.hash)) {
      chunks_[index].outcome = chunk_outcome::unchanged;
      holds_->add(index, std::move(*hold));
      return;
    }
  }
  auto room = store_->stage(wanted);
  if (room.size() == 1)
    return await(index, source, std::move(room));
  chunks_[index].outcome = chunk_outcome::failed;
  if (trouble_.empty())
    trouble_ = "no memory for it on its way to the disk";
}

void transfer_batch::await(std::size_t index, const leased_chunk& source,
                           chunk_writer room) {
  chunks_[index].outcome = chunk_outcome::failed;  // Until it has come.
  slots_.push_back(
    {index, source, std::make_shared<chunk_writer>(std::move(room))});
}

std::vector<remote_span> transfer_batch::spans() const {
  std::vector<remote_span> result;
  for (const auto& x : slots_)
    if (!x.has_come)
      result.push_back({.remote_offset = x.source.offset,
                        .local_offset = x.writer->offset(0),
                        .length = x.source.bytes,
                        .checksum = x.source.checksum});
  return result;
}

void transfer_batch::note(std::span<const span_outcome> outcomes) {
  auto next = outcomes.begin();
  for (auto& x : slots_) {
    if (x.has_come || next == outcomes.end())
      continue;
    x.has_come = *next++ == span_outcome::copied;
    copied_bytes_ += x.has_come ? x.source.bytes : 0;
  }
}

void transfer_batch::commit() {
  for (auto& x : slots_) {
    if (!x.has_come || !x.writer)
      continue;
    if (is_as_leased(x.writer->room(0), x.source, format_))
      chunks_[x.chunk].outcome = disk_ != nullptr ? write(x) : admit(x);
    else
      trouble_ = contradiction;
    x.writer.reset();
  }
}

chunk_outcome transfer_batch::admit(const slot& from) {
  const auto is_new = from.writer->commit() == 1;
  auto reader = store_->acquire({&from.source.hash, 1});
  if (reader.chunks().empty())
    return chunk_outcome::failed;  // Cleared already: it did not come to stay.
  holds_->add(from.chunk, std::move(reader));
  return is_new ? chunk_outcome::done : chunk_outcome::unchanged;
}

chunk_outcome transfer_batch::write(const slot& from) {
  const auto outcome = disk_->write({{.hash = from.source.hash,
                                      .bytes = from.source.raw_bytes,
                                      .tokens = from.source.tokens},
                                     static_cast<codec_id>(from.source.codec),
                                     from.writer->room(0),
                                     from.writer});
  if (outcome == chunk_outcome::no_room)
    return outcome;
  if (outcome != chunk_outcome::failed) {
    if (auto hold = disk_->hold(from.source.hash)) {
      holds_->add(from.chunk, std::move(*hold));
      return outcome;
    }
  }
  trouble_ = "not written to disk";
  return chunk_outcome::failed;
}

}  // namespace kvc
