#pragma once

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// A contiguous region of memory and the blocks cut from it. The region neither
/// grows nor moves, so that it can be registered for remote access once. Not
/// thread-safe.
class arena {
 public:
  /// Blocks begin and end at multiples of it, in bytes.
  static constexpr std::uint64_t alignment = 64;

  struct block {
    std::uint64_t offset = 0;  ///< In bytes from base().
    std::uint32_t id = 0;      ///< Differs from that of any other block in use.
  };

  /// Maps a region of `bytes`, rounded down to the alignment. A page takes
  /// memory when it is first written. Fails with invalid_request if the rounded
  /// size is 0, and with no_capacity if the system refuses.
  static caf::expected<arena> map(std::uint64_t bytes);

  /// Cuts blocks from `region`, which must outlive the arena; its size is
  /// rounded down to the alignment. Fails with invalid_request if the rounded
  /// size is 0 or the region begins at another address than a multiple of the
  /// alignment.
  static caf::expected<arena> over(std::span<std::byte> region);

  /// Returns the bytes of an arena that a block of `bytes` takes.
  static std::uint64_t rounded(std::uint64_t bytes) {
    return bytes == 0 ? alignment
                      : (bytes + alignment - 1) / alignment * alignment;
  }

  /// Returns a block of at least `bytes`, from the smallest free piece that is
  /// large enough; nothing if there is none.
  std::optional<block> allocate(std::uint64_t bytes);

  /// Takes back a block that allocate() returned, once.
  void release(block x);

  std::byte* base() const { return region_.get(); }
  std::uint64_t capacity() const { return region_.get_deleter().length; }

  /// The sum of rounded() over the blocks in use.
  std::uint64_t used_bytes() const { return used_bytes_; }

  /// Returns the first `bytes` of a block; valid until its release.
  std::span<std::byte> view(block x, std::uint64_t bytes) const {
    return {base() + x.offset, bytes};
  }

  /// Walks all blocks. Returns what is wrong with them; empty if nothing.
  std::string check() const;

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct unmap {
    std::uint64_t length = 0;
    bool is_owner = true;
    void operator()(std::byte* region) const;
  };

  /// A piece of the region, free or in use. The pieces cover the region without
  /// gaps and no two free ones touch.
  struct piece {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::uint32_t before = none;    ///< By address.
    std::uint32_t after = none;     ///< By address.
    std::uint32_t previous = none;  ///< Among the free ones of the same size.
    std::uint32_t next = none;      ///< Among the free ones of the same size.
    bool is_free = false;
  };

  explicit arena(std::unique_ptr<std::byte, unmap> region);

  std::uint32_t new_piece();
  void list(std::uint32_t id);
  void unlist(std::uint32_t id);
  std::uint32_t split(std::uint32_t id, std::uint64_t size);
  void absorb_next(std::uint32_t id);

  std::unique_ptr<std::byte, unmap> region_;
  std::uint64_t used_bytes_ = 0;
  std::vector<piece> pieces_;          ///< The piece at offset 0 is the first.
  std::vector<std::uint32_t> unused_;  ///< Indexes of pieces_ to use again.
  std::map<std::uint64_t, std::uint32_t> free_by_size_;  ///< Heads of lists.
};

}  // namespace kvc
