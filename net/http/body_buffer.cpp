#include "net/http/body_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvc {

namespace {

/// What the thread's last body left behind: fresh pages would cost more than
/// reading the body.
struct spare_memory {
  static constexpr std::size_t max_bytes = 2UL * 1024 * 1024;

  std::size_t size = 0;
  // NOLINTNEXTLINE(modernize-avoid-c-arrays): the size is dynamic.
  std::unique_ptr<char[]> bytes;
};

spare_memory& spare() {
  thread_local spare_memory result;
  return result;
}

}  // namespace

body_buffer::body_buffer(std::atomic<std::size_t>& used, std::size_t budget)
    : used_(used), budget_(budget) {}

body_buffer::~body_buffer() {
  used_ -= capacity_;
  if (allocated_ > spare().size && allocated_ <= spare_memory::max_bytes)
    spare() = {allocated_, std::move(bytes_)};
}

bool body_buffer::append(std::string_view bytes) {
  if (bytes.empty())
    return true;
  const auto needed = size_ + bytes.size();
  if (needed > capacity_ && !grow(needed))
    return false;
  std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

std::span<char> body_buffer::room() {
  if (size_ == capacity_ && !grow(size_ + 1))
    return {};
  return {bytes_.get() + size_, capacity_ - size_};
}

bool body_buffer::grow(std::size_t needed) {
  // Doubling, but no further than what was announced.
  const auto wanted = std::max(needed, std::min(2 * capacity_, expected_));
  const auto added = wanted - capacity_;
  if (used_.fetch_add(added) + added > budget_) {
    used_ -= added;
    return false;
  }
  capacity_ = wanted;  // First, so that used_ stays right if memory is short.
  if (wanted > allocated_)
    reallocate(wanted);
  return true;
}

void body_buffer::reallocate(std::size_t wanted) {
  auto bigger = spare().size >= wanted ? std::exchange(spare(), {})
                                       : spare_memory{wanted, nullptr};
  if (!bigger.bytes) {
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): the size is dynamic.
    bigger.bytes = std::make_unique_for_overwrite<char[]>(wanted);
  }
  if (size_ > 0)
    std::memcpy(bigger.bytes.get(), bytes_.get(), size_);
  bytes_ = std::move(bigger.bytes);
  allocated_ = bigger.size;
}

}  // namespace kvc
