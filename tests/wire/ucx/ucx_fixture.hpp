#pragma once

#include "net/transport/checksum.hpp"
#include "net/transport/transport_module.hpp"
#include "tests/wire/ucx/pattern.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kvc::test {

using namespace std::chrono_literals;

constexpr std::uint64_t mega = std::uint64_t{1} << 20U;

/// Longer than anything takes that works.
constexpr auto patience = 20s;

/// What a read came to; its callbacks run on the transport's thread.
class outcome {
 public:
  /// Waits for on_done.
  read_result result() {
    std::unique_lock lock{mutex_};
    REQUIRE(changed_.wait_for(lock, patience,
                              [this] { return result_.has_value(); }));
    return *result_;
  }

  /// Waits for on_drained and returns whether it came within `time`.
  bool drains(std::chrono::milliseconds time = patience) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, time, [this] { return is_drained_; });
  }

  bool is_done() {
    const std::lock_guard lock{mutex_};
    return result_.has_value();
  }

  /// How often a callback came that must not have come.
  int mistakes() {
    const std::lock_guard lock{mutex_};
    return mistakes_;
  }

  void on_done(read_result x) {
    const std::lock_guard lock{mutex_};
    mistakes_ += result_ || is_drained_ ? 1 : 0;
    result_ = std::move(x);
    changed_.notify_all();
  }

  void on_drained() {
    const std::lock_guard lock{mutex_};
    mistakes_ += !result_ || is_drained_ ? 1 : 0;
    is_drained_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<read_result> result_;
  bool is_drained_ = false;
  int mistakes_ = 0;
};

using outcome_pointer = std::shared_ptr<outcome>;

/// Opens a transport on this host.
inline std::unique_ptr<transport> open(const transport_options& options) {
  auto opened = open_transport(options, KVC_UCX_MODULE);
  REQUIRE_MESSAGE(opened.value, opened.error);
  return std::move(opened.value);
}

inline std::shared_ptr<const std::string> address_of(const transport& x) {
  return std::make_shared<std::string>(x.address());
}

/// How long a read may take.
struct timeouts {
  std::chrono::milliseconds soft = 10s;
  std::chrono::milliseconds hard = 15s;
};

/// A read under way.
struct started_read {
  transport::read_id id = 0;
  outcome_pointer out;

  read_result result() const { return out->result(); }
  read_status status() const { return out->result().status; }
};

inline started_read start(transport& reader,
                          std::shared_ptr<const std::string> peer,
                          std::vector<remote_span> spans, timeouts time = {}) {
  const auto out = std::make_shared<outcome>();
  const auto id = reader.read(
    {.peer = std::move(peer),
     .spans = std::move(spans),
     .soft_timeout = time.soft,
     .hard_timeout = time.hard,
     .on_done = [out](auto result) { out->on_done(std::move(result)); },
     .on_drained = [out] { out->on_drained(); }});
  return {id, out};
}

/// Spans of `length` that cover `total` bytes, in reverse order at our end.
inline std::vector<remote_span> reversed_spans(std::uint64_t total,
                                               std::uint64_t length) {
  std::vector<remote_span> result;
  for (std::uint64_t at = 0; at + length <= total; at += length)
    result.push_back({at, total - at - length, length});
  return result;
}

/// Returns whether all spans were copied from a memory filled from `seed`.
inline bool are_copied(const transport& reader, std::uint64_t seed,
                       const std::vector<remote_span>& spans) {
  return std::all_of(spans.begin(), spans.end(), [&](const auto& x) {
    return is_pattern(reader.memory().subspan(x.local_offset, x.length), seed,
                      x.remote_offset);
  });
}

/// Gives the spans the checksums of a memory filled from `seed`.
inline void add_checksums(std::vector<remote_span>& spans, std::uint64_t seed,
                          std::uint64_t bytes) {
  std::vector<std::byte> memory(bytes);
  fill(memory, seed);
  for (auto& x : spans)
    x.checksum =
      checksum_of(std::span{memory}.subspan(x.remote_offset, x.length));
}

}  // namespace kvc::test
