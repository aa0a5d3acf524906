#include "actors/store/chunk_access.hpp"

#include "actors/store/cpu_store.hpp"

namespace kvc {

chunk_reader::~chunk_reader() {
  if (store_ != nullptr && !holds_.empty())
    store_->release(*this);
}

chunk_writer::~chunk_writer() {
  if (store_ != nullptr && !parts_.empty())
    store_->abandon(parts_);
}

std::span<std::byte> chunk_writer::room(std::size_t i) const {
  const auto& x = parts_[i];
  if (x.place != none)
    return {};
  return store_->memory_.view(x.memory, x.chunk.bytes);
}

std::size_t chunk_writer::commit() {
  return std::exchange(store_, nullptr)->commit(parts_);
}

}  // namespace kvc
