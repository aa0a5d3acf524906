#pragma once

#include "actors/store/chunk_store.hpp"

#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <vector>

namespace kvc::test {

/// A naive location: chunks of 256 tokens and 1000 bytes, 100 when encoded.
class fake_chunk_store : public chunk_store {
 public:
  struct chunk {
    bool is_pinned = false;
    bool is_in_use = false;
    codec_id codec = codec_id::none;
    std::optional<time_point> until = {};  ///< Of the pin.
  };

  std::map<std::uint64_t, chunk> chunks;
  std::vector<std::uint64_t> coming;  ///< On their way, in order.
  bool is_stuck = false;              ///< They never come.
  std::vector<std::size_t> steps;     ///< Chunks of each call that changes.
  std::function<void()> after_call;   ///< May throw, as a bug would.
  std::string trouble;                ///< What check() finds.

  void fill(std::uint64_t first, std::uint64_t last) {
    for (auto hash = first; hash <= last; ++hash)
      chunks.try_emplace(hash);
  }

  location_usage usage() const override {
    return {location::cpu, chunks.size(), 0, 0};
  }

  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const override {
    membership_source::scan_step result;
    auto it = chunks.lower_bound(cursor);
    for (; it != chunks.end() && result.hashes.size() < max_entries; ++it)
      result.hashes.push_back(it->first);
    result.next_cursor = it == chunks.end() ? 0 : it->first;
    return result;
  }

  std::vector<std::uint64_t> arriving() const override { return coming; }

  bool bring_next() override {
    if (is_stuck)
      return false;
    chunks.try_emplace(coming.front());
    coming.erase(coming.begin());
    return !coming.empty();
  }

  std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) override {
    for (const auto hash : hashes)
      if (std::erase(coming, hash) > 0)
        chunks.try_emplace(hash);
    return change(hashes, [this](std::uint64_t hash, chunk& x) {
      if (x.is_pinned)
        return chunk_change{.outcome = chunk_outcome::pinned};
      if (x.is_in_use)
        return chunk_change{.outcome = chunk_outcome::in_use};
      chunks.erase(hash);
      return chunk_change{chunk_outcome::done, 256, 1'000, 0};
    });
  }

  std::vector<chunk_change> pin(std::span<const std::uint64_t> hashes,
                                std::optional<time_point> until) override {
    bool is_prefix = true;
    return change(hashes, [&](std::uint64_t, chunk& x) {
      is_prefix = is_prefix && !x.is_in_use;
      if (!is_prefix)
        return chunk_change{};
      x.is_pinned = true;
      x.until = until;
      return chunk_change{chunk_outcome::done, 256, 1'000, 1'000};
    });
  }

  std::vector<chunk_change> unpin(
    std::span<const std::uint64_t> hashes) override {
    return change(hashes, [](std::uint64_t, chunk& x) {
      if (!x.is_pinned)
        return chunk_change{.outcome = chunk_outcome::unchanged};
      x.is_pinned = false;
      return chunk_change{chunk_outcome::done, 256, 1'000, 1'000};
    });
  }

  chunk_change recode(std::uint64_t hash, codec_id target) override {
    return change({&hash, 1}, [&](std::uint64_t, chunk& x) {
      if (x.codec == target)
        return chunk_change{.outcome = chunk_outcome::unchanged};
      x.codec = target;
      return target == codec_id::none
               ? chunk_change{chunk_outcome::done, 256, 100, 1'000}
               : chunk_change{chunk_outcome::done, 256, 1'000, 100};
    })[0];
  }

  std::string check() override { return trouble; }

 private:
  template <class Function>
  std::vector<chunk_change> change(std::span<const std::uint64_t> hashes,
                                   Function change_one) {
    steps.push_back(hashes.size());
    std::vector<chunk_change> result;
    for (const auto hash : hashes) {
      const auto found = chunks.find(hash);
      result.push_back(found == chunks.end() ? chunk_change{}
                                             : change_one(hash, found->second));
    }
    if (after_call)
      after_call();
    return result;
  }
};

}  // namespace kvc::test
