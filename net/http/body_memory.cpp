#include "net/http/body_memory.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <utility>

namespace kvc {

body_memory::body_memory(body_memory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

body_memory& body_memory::operator=(body_memory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

body_memory::~body_memory() {
  if (is_mapped())
    ::munmap(data_, size_);
  else
    std::free(data_);
}

bool body_memory::grow(std::size_t wanted, std::size_t used) {
  if (wanted >= large_bytes)
    return map(wanted, used);
  body_memory bigger;
  bigger.data_ = static_cast<char*>(std::malloc(wanted));
  if (bigger.data_ == nullptr)
    return false;
  bigger.size_ = wanted;
  if (used > 0)
    std::memcpy(bigger.data_, data_, used);
  *this = std::move(bigger);
  return true;
}

bool body_memory::map(std::size_t wanted, std::size_t used) {
  if (is_mapped()) {
    auto* const moved = ::mremap(data_, size_, wanted, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED)
      return false;
    data_ = static_cast<char*>(moved);
    size_ = wanted;
    return true;
  }
  auto* const fresh = ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fresh == MAP_FAILED)
    return false;
  body_memory bigger;
  bigger.data_ = static_cast<char*>(fresh);
  bigger.size_ = wanted;
  if (used > 0)
    std::memcpy(bigger.data_, data_, used);
  *this = std::move(bigger);
  return true;
}

}  // namespace kvc
