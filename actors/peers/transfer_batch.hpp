#pragma once

#include "actors/store/chunk_holds.hpp"
#include "messages/control.hpp"
#include "messages/peer.hpp"
#include "net/transport/transport.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// What became of one chunk that a peer was asked for: `done` (it is here now),
/// `unchanged` (it was here before), `absent` (the peer does not have it),
/// `no_room` (its destination is full), `unsuitable` (its size or format is not
/// ours) or `failed` (withheld by the peer, without memory on its way to a
/// disk, not read, damaged, not what its lease says, or not written).
struct fetched_chunk {
  std::uint64_t hash = 0;
  chunk_outcome outcome = chunk_outcome::absent;
  std::uint32_t tokens = 0;
  std::uint64_t bytes = 0;  ///< As it lies in memory.

  friend bool operator==(const fetched_chunk&, const fetched_chunk&) = default;
};

/// The chunks of one lease on their way into a cpu_store, or through its memory
/// into a disk_store: takes room for them, says what is to be copied, and
/// admits what has come. Different threads may call it, one after the other. It
/// must live as long as a transport may write to its room. Chunks that it has
/// not admitted when it ends are dropped.
class transfer_batch {
 public:
  /// The chunks go to `disk` if it is given, else to `store`. Both must outlive
  /// the batch and its holds().
  transfer_batch(cpu_store& store, std::uint64_t bytes_per_token,
                 disk_store* disk = nullptr)
      : store_(&store), disk_(disk), bytes_per_token_(bytes_per_token) {}

  /// Makes room for the leased chunks that are not here. `wanted` are the
  /// chunks that the lease was asked for; empty if any were welcome.
  void place(const chunk_lease& lease, std::span<const std::uint64_t> wanted);

  /// Returns what is still to be copied.
  std::vector<remote_span> spans() const;

  /// Takes what became of the spans(), in their order.
  void note(std::span<const span_outcome> outcomes);

  /// Admits what has come, which takes as long as files take if it goes to a
  /// disk. From now on holds() keeps all that is `done` or `unchanged`.
  void commit();

  /// Returns all chunks in the order of `wanted`, or else of the lease.
  const std::vector<fetched_chunk>& chunks() const { return chunks_; }

  /// Returns why chunks are `unsuitable`, or `failed` although they were read;
  /// empty if none are.
  const std::string& trouble() const { return trouble_; }

  /// Returns how many bytes were copied here.
  std::uint64_t copied_bytes() const { return copied_bytes_; }

  /// Keeps chunks from being evicted as long as it lives. It lets the last
  /// chunk go first, so that a prompt loses its tail first.
  std::shared_ptr<const void> holds() const { return holds_; }

 private:
  struct slot {
    std::size_t chunk = 0;  ///< Of chunks_.
    leased_chunk source;
    std::shared_ptr<chunk_writer> writer;
    bool has_come = false;
  };

  void place_one(std::size_t index, const leased_chunk& source);
  void place_for_disk(std::size_t index, const leased_chunk& source,
                      const new_chunk& wanted);
  void await(std::size_t index, const leased_chunk& source, chunk_writer room);
  chunk_outcome objection(const leased_chunk& source);
  void note_withheld(fetched_chunk& chunk);
  chunk_outcome admit(const slot& from);
  chunk_outcome write(const slot& from);

  cpu_store* store_;
  disk_store* disk_;
  std::uint64_t bytes_per_token_;
  chunk_format format_;  ///< Of the lease's chunks.
  std::string trouble_;
  std::vector<fetched_chunk> chunks_;
  std::vector<slot> slots_;  ///< Of those that are to be copied.
  std::uint64_t copied_bytes_ = 0;

  /// By place in chunks_.
  std::shared_ptr<chunk_holds> holds_ = std::make_shared<chunk_holds>();
};

}  // namespace kvc
