#pragma once

#include "actors/store/cpu_store.hpp"
#include "actors/store/disk_store.hpp"

#include <cstdint>
#include <map>
#include <variant>

namespace kvc {

/// Keeps chunks in memory and on disk from being evicted and cleared until it
/// ends. It releases them from the last to the first, so that a prompt loses
/// its tail first. Not thread-safe.
class chunk_holds {
 public:
  chunk_holds() = default;
  chunk_holds(const chunk_holds&) = delete;
  chunk_holds& operator=(const chunk_holds&) = delete;
  ~chunk_holds();

  /// `place` is the chunk's place in the prompt; add each place once.
  void add(std::size_t place, chunk_reader held);
  void add(std::size_t place, disk_hold held);

 private:
  std::map<std::size_t, std::variant<chunk_reader, disk_hold>> held_;
};

}  // namespace kvc
