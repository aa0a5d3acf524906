#include "net/http/body_buffer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kvc {

namespace {

/// What the thread's last body left behind, unless it was large: fresh pages
/// would cost more than reading the body.
body_memory& spare() {
  thread_local body_memory result;
  return result;
}

}  // namespace

body_buffer::body_buffer(std::atomic<std::size_t>& used, std::size_t budget)
    : used_(used), budget_(budget) {}

body_buffer::~body_buffer() {
  used_ -= counted_;
  if (memory_.size() > spare().size() &&
      memory_.size() < body_memory::large_bytes)
    spare() = std::move(memory_);
}

bool body_buffer::append(std::string_view bytes) {
  if (bytes.empty())
    return true;
  const auto needed = size_ + bytes.size();
  if (needed > memory_.size() && !grow(needed))
    return false;
  std::memcpy(memory_.data() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  return true;
}

std::span<char> body_buffer::room() {
  if (size_ == memory_.size() && !grow(size_ + 1))
    return {};
  return {memory_.data() + size_, memory_.size() - size_};
}

bool body_buffer::grow(std::size_t needed) {
  // Doubling, but no further than what was announced.
  const auto wanted = std::max(needed, std::min(2 * memory_.size(), expected_));
  return take_spare(wanted) ||
         (take_of_budget(wanted) && memory_.grow(wanted, size_));
}

bool body_buffer::take_spare(std::size_t wanted) {
  if (size_ > 0 || spare().size() < wanted || !take_of_budget(spare().size()))
    return false;
  memory_ = std::move(spare());
  return true;
}

bool body_buffer::take_of_budget(std::size_t wanted) {
  if (wanted <= small_bytes)
    return true;
  const auto added = wanted - counted_;
  if (used_.fetch_add(added) + added > budget_) {
    used_ -= added;
    return false;
  }
  counted_ = wanted;
  return true;
}

}  // namespace kvc
