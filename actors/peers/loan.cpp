#include "actors/peers/loan.hpp"

#include "actors/store/arrivals.hpp"
#include "net/transport/checksum.hpp"

namespace kvc {

namespace {

/// Adds one chunk in memory to the loan, unless it is not there.
void lend(loan& to, cpu_store& store, std::uint64_t hash, bool is_use) {
  auto reader = is_use ? store.acquire({&hash, 1}) : store.borrow({&hash, 1});
  if (reader.chunks().empty())
    return;
  const auto& chunk = reader.chunks().front();
  auto checksum = chunk.checksum;
  if (!checksum) {
    checksum = checksum_of(chunk.bytes);
    store.note_checksum(reader, 0, *checksum);
  }
  to.answer.chunks.push_back({hash, chunk.offset, chunk.bytes.size(),
                              chunk.raw_bytes, *checksum, chunk.tokens,
                              static_cast<std::uint8_t>(chunk.codec)});
  to.chunks.readers.push_back(std::move(reader));
}

/// Has what the order is about arrive; all of a location before the first part.
void bring(chunk_store& store, const lease_chunks& order) {
  const auto& names = order.hashes.keys;
  if (names.empty() && order.cursor != 0)
    return;
  arrivals due{store, names.empty()
                        ? std::nullopt
                        : std::optional{std::span<const std::uint64_t>{names}}};
  while (!due.are_over())
    due.bring_one();
}

/// Adds a copy of one chunk on disk to the loan, unless it is not there.
void lend_copy(loan& to, cpu_store& cpu, disk_store& disk, std::uint64_t hash) {
  const auto found = disk.find(hash);
  if (!found)
    return;
  auto copy = cpu.stage(
    {.hash = hash, .bytes = found->raw_bytes, .tokens = found->tokens});
  if (copy.size() == 0 || !disk.peek(hash, copy.room(0))) {
    to.answer.withheld.keys.push_back(hash);
    return;
  }
  to.answer.chunks.push_back({hash, copy.offset(0), found->raw_bytes,
                              found->raw_bytes, checksum_of(copy.room(0)),
                              found->tokens,
                              static_cast<std::uint8_t>(codec_id::none)});
  to.chunks.copies.push_back(std::move(copy));
}

}  // namespace

std::shared_ptr<loan> make_loan(const rank& here, const lease_chunks& order) {
  auto result = std::make_shared<loan>();
  auto& store = *here.at(order.where);
  bring(store, order);
  auto names = order.hashes.keys;
  const auto is_use = !names.empty();
  if (names.empty()) {
    auto found = store.scan(order.cursor, order.max_chunks);
    result->answer.next_cursor = found.next_cursor;
    names = std::move(found.hashes);
  }
  for (const auto hash : names)
    if (order.where == location::disk)
      lend_copy(*result, *here.cpu, *here.disk, hash);
    else
      lend(*result, *here.cpu, hash, is_use);
  result->answer.total_chunks = store.usage().chunks;
  result->answer.dtype = here.format.dtype;
  result->answer.shape = here.format.shape;
  return result;
}

}  // namespace kvc
