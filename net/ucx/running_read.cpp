#include "net/ucx/running_read.hpp"

#include "net/transport/stream_copy.hpp"

#include <algorithm>
#include <utility>

namespace kvc::ucx {

namespace {

/// A longer timeout could overflow the clock.
constexpr std::chrono::milliseconds longest_timeout{std::chrono::hours{24}};

steady::duration bounded(std::chrono::milliseconds timeout) {
  return std::clamp(timeout, std::chrono::milliseconds{0}, longest_timeout);
}

}  // namespace

running_read::running_read(transport::read_id number, read_request asked,
                           peer_address from, steady::time_point start)
    : id(number),
      request(std::move(asked)),
      peer(std::move(from)),
      soft_deadline(start + bounded(request.soft_timeout)),
      hard_deadline(
        start + bounded(std::max(request.soft_timeout, request.hard_timeout))),
      spans_left(request.spans.size()) {
  result.spans.resize(request.spans.size());
  bytes_left.reserve(request.spans.size());
  for (const auto& each : request.spans)
    bytes_left.push_back(each.length);
}

void running_read::advance(std::uint64_t bytes) {
  next_offset += bytes;
  if (next_offset < span().length)
    return;
  ++next_span;
  next_offset = 0;
}

void running_read::copy(std::size_t index, std::uint64_t offset,
                        std::span<std::byte> to,
                        std::span<const std::byte> from) {
  if (!request.spans[index].checksum) {
    stream_copy(to, from);
    return;
  }
  if (offset == 0) {
    checksum.reset();
    summed_span = index;
    summed_bytes = 0;
  }
  if (summed_span != index || summed_bytes != offset) {
    stream_copy(to, from);
    return;
  }
  checksum.copy(to, from);
  summed_bytes += from.size();
}

bool running_read::is_right(std::size_t index,
                            std::span<const std::byte> bytes) const {
  const auto& wanted = request.spans[index].checksum;
  if (!wanted)
    return true;
  const auto is_summed =
    summed_span == index && summed_bytes == request.spans[index].length;
  return *wanted == (is_summed ? checksum.value() : checksum_of(bytes));
}

bool running_read::arrive(std::size_t index, std::uint64_t bytes) {
  bytes_left[index] -= bytes;
  return bytes_left[index] == 0;
}

void running_read::finish_span(std::size_t index, bool is_right) {
  --spans_left;
  result.spans[index] = is_right ? span_outcome::copied : span_outcome::corrupt;
  result.bytes += is_right ? request.spans[index].length : 0;
}

void running_read::tell(read_status status) {
  if (std::exchange(is_told, true))
    return;
  result.status = status;
  if (request.on_done)
    request.on_done(std::move(result));
  if (request.on_drained)
    request.on_drained();
}

}  // namespace kvc::ucx
