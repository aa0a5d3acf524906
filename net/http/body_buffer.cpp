#include "net/http/body_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace kvc {

body_buffer::body_buffer(std::atomic<std::size_t>& used, std::size_t budget)
    : used_(used), budget_(budget) {}

body_buffer::~body_buffer() { used_ -= capacity_; }

bool body_buffer::append(std::string_view bytes) {
  if (bytes.empty())
    return true;
  const auto needed = size_ + bytes.size() + padding;
  if (needed > capacity_ && !grow(needed))
    return false;
  std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

bool body_buffer::grow(std::size_t needed) {
  // Doubling, but no further than what was announced.
  const auto wanted =
    std::max(needed, std::min(2 * capacity_, expected_ + padding));
  const auto added = wanted - capacity_;
  if (used_.fetch_add(added) + added > budget_) {
    used_ -= added;
    return false;
  }
  auto bigger = std::make_unique_for_overwrite<char[]>(wanted);
  if (size_ > 0)
    std::memcpy(bigger.get(), bytes_.get(), size_);
  // The padding is read by parsers, if never used.
  std::memset(bigger.get() + wanted - padding, 0, padding);
  bytes_ = std::move(bigger);
  capacity_ = wanted;
  return true;
}

}  // namespace kvc
