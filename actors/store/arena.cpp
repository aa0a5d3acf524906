#include "actors/store/arena.hpp"

#include "messages/errors.hpp"

#include <sys/mman.h>

#include <cassert>
#include <cerrno>
#include <cstring>

namespace kvc {

void arena::unmap::operator()(std::byte* region) const {
  if (is_owner)
    ::munmap(region, length);
}

caf::expected<arena> arena::over(std::span<std::byte> region) {
  const auto length = region.size() / alignment * alignment;
  if (length == 0 ||
      reinterpret_cast<std::uintptr_t>(region.data()) % alignment != 0)
    return caf::make_error(
      errc::invalid_request,
      "an arena of " + std::to_string(region.size()) + " bytes, or unaligned");
  return arena{{region.data(), unmap{length, false}}};
}

caf::expected<arena> arena::map(std::uint64_t bytes) {
  const auto length = bytes / alignment * alignment;
  if (length == 0)
    return caf::make_error(errc::invalid_request,
                           "an arena of " + std::to_string(bytes) + " bytes");
  // Without MAP_NORESERVE, so that a system that counts its promises refuses
  // now and not with SIGBUS or the OOM killer later.
  auto* region = ::mmap(nullptr, length, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED)
    return caf::make_error(errc::no_capacity,
                           "cannot map " + std::to_string(length) +
                             " bytes: " + std::strerror(errno));
  ::madvise(region, length, MADV_HUGEPAGE);  // A wish: may be unsupported.
  return arena{{static_cast<std::byte*>(region), unmap{length, true}}};
}

arena::arena(std::unique_ptr<std::byte, unmap> region)
    : region_(std::move(region)) {
  pieces_.push_back({.size = capacity()});
  list(0);
}

std::optional<arena::block> arena::allocate(std::uint64_t bytes) {
  if (bytes > capacity())
    return std::nullopt;
  const auto size = rounded(bytes);
  const auto fit = free_by_size_.lower_bound(size);
  if (fit == free_by_size_.end())
    return std::nullopt;
  const auto id = fit->second;
  unlist(id);
  if (pieces_[id].size > size)
    list(split(id, size));
  used_bytes_ += size;
  return block{pieces_[id].offset, id};
}

void arena::release(block x) {
  auto id = x.id;
  assert(id < pieces_.size() && !pieces_[id].is_free);
  assert(pieces_[id].offset == x.offset);
  used_bytes_ -= pieces_[id].size;
  const auto after = pieces_[id].after;
  if (after != none && pieces_[after].is_free) {
    unlist(after);
    absorb_next(id);
  }
  const auto before = pieces_[id].before;
  if (before != none && pieces_[before].is_free) {
    unlist(before);
    absorb_next(before);
    id = before;
  }
  list(id);
}

std::uint32_t arena::new_piece() {
  if (unused_.empty()) {
    pieces_.emplace_back();
    return static_cast<std::uint32_t>(pieces_.size() - 1);
  }
  const auto id = unused_.back();
  unused_.pop_back();
  return id;
}

/// Makes the piece the first of the free ones of its size.
void arena::list(std::uint32_t id) {
  auto& head = free_by_size_.try_emplace(pieces_[id].size, none).first->second;
  auto& x = pieces_[id];
  x.is_free = true;
  x.previous = none;
  x.next = head;
  if (head != none)
    pieces_[head].previous = id;
  head = id;
}

void arena::unlist(std::uint32_t id) {
  auto& x = pieces_[id];
  x.is_free = false;
  if (x.next != none)
    pieces_[x.next].previous = x.previous;
  if (x.previous != none)
    pieces_[x.previous].next = x.next;
  else if (x.next != none)
    free_by_size_[x.size] = x.next;
  else
    free_by_size_.erase(x.size);
}

/// Cuts the piece to `size` and returns the rest as a new one.
std::uint32_t arena::split(std::uint32_t id, std::uint64_t size) {
  const auto rest = new_piece();
  auto& x = pieces_[id];
  pieces_[rest] = {.offset = x.offset + size,
                   .size = x.size - size,
                   .before = id,
                   .after = x.after};
  if (x.after != none)
    pieces_[x.after].before = rest;
  x.after = rest;
  x.size = size;
  return rest;
}

/// Joins the piece with the one behind it. Both must be unlisted.
void arena::absorb_next(std::uint32_t id) {
  auto& x = pieces_[id];
  const auto gone = x.after;
  x.size += pieces_[gone].size;
  x.after = pieces_[gone].after;
  if (x.after != none)
    pieces_[x.after].before = id;
  unused_.push_back(gone);
}

std::string arena::check() const {
  std::uint64_t end = 0;
  std::uint64_t used = 0;
  std::size_t count = 0;
  std::size_t free_count = 0;
  auto before = none;
  for (std::uint32_t id = 0; id != none; before = id, id = pieces_[id].after) {
    const auto& x = pieces_[id];
    if (x.offset != end || x.before != before || x.size == 0)
      return "arena: broken chain of blocks at offset " + std::to_string(end);
    if (x.is_free && before != none && pieces_[before].is_free)
      return "arena: split free memory at offset " + std::to_string(end);
    end += x.size;
    used += x.is_free ? 0 : x.size;
    free_count += x.is_free ? 1 : 0;
    if (++count > pieces_.size())
      return "arena: blocks in a circle";
  }
  if (end != capacity() || used != used_bytes_ ||
      count + unused_.size() != pieces_.size())
    return "arena: blocks do not add up";
  for (const auto& [size, head] : free_by_size_)
    for (auto id = head; id != none; id = pieces_[id].next)
      if (!pieces_[id].is_free || pieces_[id].size != size || free_count-- == 0)
        return "arena: wrong free list of size " + std::to_string(size);
  return free_count == 0 ? "" : "arena: free memory that is in no list";
}

}  // namespace kvc
