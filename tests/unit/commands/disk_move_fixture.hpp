#pragma once

#include "tests/support/disk_for_peers.hpp"
#include "tests/unit/commands/move_fixture.hpp"

namespace kvc::test {

/// The moves of a worker with a disk.
struct disk_move_fixture : disk_for_peers, move_fixture {
  disk_move_fixture() { here.set_stores(&store, files.get()); }

  ~disk_move_fixture() {
    system.kill(aut);
    jobs.clear();
  }

  static command to_disk(command what) {
    what.to = location::disk;
    return what;
  }

  static command to_memory(command what) {
    what.where = location::disk;
    return what;
  }
};

}  // namespace kvc::test
