#pragma once

#include "actors/store/disk_store.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <vector>

namespace kvc {

/// Tells a disk_writer that chunks wait to be written.
struct chunks_wait {};

/// Tells a disk_writer that the files may be changed, see
/// disk_store::allow_changes().
struct allow_changes {};

/// Asks a disk_writer to write the chunks that wait. After `patience` it starts
/// no more. The store then lets go of the rest and takes no new chunks.
struct drain_queue {
  std::chrono::milliseconds patience{0};
};

struct queue_drained {
  std::size_t dropped_chunks = 0;
};

/// Writes the chunks offered to a disk_store.
using disk_writer_actor = caf::typed_actor<  //
  caf::reacts_to<chunks_wait>, caf::reacts_to<allow_changes>,
  caf::replies_to<drain_queue>::with<queue_drained>>;

/// The state of a disk_writer. When the actor ends, the store lets go of the
/// chunks that wait and takes no new ones.
struct disk_writer_state {
  struct drain {
    caf::actor_clock::time_point end;
    caf::typed_response_promise<queue_drained> answer;
  };

  static inline const char* name = "disk_writer";

  disk_writer_state() = default;
  disk_writer_state(const disk_writer_state&) = delete;
  disk_writer_state& operator=(const disk_writer_state&) = delete;
  ~disk_writer_state();

  disk_store* store = nullptr;
  std::vector<drain> drains;
};

/// Writes the chunks that wait in `store`, one per message, so that an exit
/// waits for one chunk at most. The store must outlive it. It blocks: spawn it
/// detached, and keep its handle. Nobody else may call the store's on_work().
disk_writer_actor::behavior_type disk_writer(
  disk_writer_actor::stateful_pointer<disk_writer_state> self,
  disk_store* store);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::chunks_wait)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::allow_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::drain_queue)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::queue_drained)
