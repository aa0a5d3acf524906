#pragma once

#include "actors/hashing/chunk_hasher.hpp"
#include "actors/index/report_intake.hpp"
#include "actors/reporting/report_stream.hpp"
#include "actors/worker/cache_engine.hpp"
#include "tests/unit/node/rank_model.hpp"
#include "tests/unit/node/rank_step.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace kvc::test {

/// A rank with memory and disk, its shard of the index, and a naive model of
/// both, which says after each step whether the three agree.
class rank_world final : public membership_listener {
 public:
  static constexpr std::uint64_t chunk_bytes = 1024;
  static constexpr std::uint32_t chunk_size = 4;
  static constexpr std::uint32_t prompts = 24;

  /// A tight world evicts; the other one has room for everything.
  rank_world(const std::filesystem::path& directory, bool is_tight)
      : directory_(directory), is_tight_(is_tight) {
    std::filesystem::remove_all(directory);
    restart();
  }

  /// Returns what is wrong after it; empty if nothing.
  std::string run(const rank_step& step) {
    trouble_.clear();
    take(step);
    if (trouble_.empty())
      compare_stores();
    if (trouble_.empty() && step.what == rank_step::report &&
        step.number % 2 == 0)
      compare_index();
    return trouble_;
  }

  /// Brings everything to the index and compares; see run().
  std::string settle() {
    trouble_.clear();
    compare_index();
    return trouble_;
  }

  void chunks_admitted(location where,
                       std::span<const std::uint64_t> hashes) override {
    for (const auto hash : hashes)
      note(model_.admit(where, hash));
    hub_->chunks_admitted(where, hashes);
  }

  void chunks_evicted(location where,
                      std::span<const std::uint64_t> hashes) override {
    for (const auto hash : hashes)
      note(model_.evict(where, hash, is_tight_));
    hub_->chunks_evicted(where, hashes);
  }

 private:
  using bytes = std::vector<std::byte>;
  using tokens = std::vector<std::uint32_t>;
  using hash_list = std::vector<std::uint64_t>;

  static tokens tokens_of(std::uint32_t prompt) {
    tokens result;
    for (std::uint32_t i = 0; i <= prompt % 6; ++i)
      for (const auto token : {prompt % 3, i, i < 2 ? 0 : prompt, 7U})
        result.push_back(token);
    return result;
  }

  hash_list hashes_of(std::uint32_t prompt) const {
    return hasher_.hash_prompt(tokens_of(prompt));
  }

  /// Two of three chunks compress.
  static bytes bytes_of(std::uint64_t hash) {
    std::minstd_rand random{static_cast<std::uint32_t>(hash)};
    bytes result(chunk_bytes, static_cast<std::byte>(hash >> 7U));
    if (hash % 3 == 0)
      for (auto& x : result)
        x = static_cast<std::byte>(random() >> 9U);
    return result;
  }

  void note(std::string trouble) {
    if (trouble_.empty())
      trouble_ = std::move(trouble);
  }

  void expect(bool is_right, const std::string& text) {
    if (!is_right)
      note(text);
  }

  /// A new process: only the disk's files are left.
  void restart() {
    engine_.reset();
    ++epoch_;
    model_.forget_memory();
    hub_ = std::make_unique<change_hub>();
    const std::uint64_t memory = is_tight_ ? 12 : 200;
    auto opened = disk_store::open({.directory = directory_,
                                    .capacity_bytes = 2 * memory * chunk_bytes,
                                    .identity = {{"a", 0},
                                                 "",
                                                 {.chunk_size = chunk_size},
                                                 {},
                                                 chunk_bytes / chunk_size},
                                    .max_queue_bytes = 10 * chunk_bytes,
                                    .listener = this,
                                    .now = [this] { return model_.now; }});
    if (!opened)
      return note("cannot open: " + to_string(opened.error()));
    disk_ = opened->get();
    cache_engine_options options;
    options.hashing.chunk_size = chunk_size;
    options.capacity_bytes = memory * chunk_bytes;
    options.disk = std::move(*opened);
    options.bytes_per_token = chunk_bytes / chunk_size;
    options.listener = this;
    options.now = [this] { return model_.now; };
    engine_ = std::move(*cache_engine::make(std::move(options)));
    hub_->start({1, 1}, [](std::size_t) {});
    stream_ = std::make_unique<report_stream>(*hub_, *engine_, 0);
    receiver_.close(epoch_ - 1);
    receiver_.open({epoch_, 0});
    stream_->start(epoch_, {2, 5});
  }

  void take(const rank_step& step) {
    const auto hashes = hashes_of(step.prompt);
    const auto where = static_cast<location>(step.number % 2);
    auto* const at = engine_->at(where);
    model_.begin(step.what, where, hashes);
    switch (step.what) {
      case rank_step::store:
        return store(step.prompt, hashes);
      case rank_step::retrieve:
        return retrieve(step.prompt, hashes);
      case rank_step::evict:
        engine_->evict(tokens_of(step.prompt));
        return;
      case rank_step::clear: {
        const auto coming = at->arriving();
        auto all = hashes;
        if (step.number / 2 % 4 == 0) {
          all = scan(where);
          all.insert(all.end(), coming.begin(), coming.end());
        }
        model_.begin(step.what, where, all);
        const auto expected = model_.clear(where, all, coming);
        return compare(expected, at->clear(all));
      }
      case rank_step::pin: {
        const auto until =
          step.number % 3 == 0
            ? std::optional<chunk_store::time_point>{}
            : model_.now + std::chrono::seconds{step.number % 100};
        const auto expected = model_.pin(where, hashes, until);
        return compare(expected, at->pin(hashes, until));
      }
      case rank_step::unpin: {
        const auto expected = model_.unpin(where, hashes);
        return compare(expected, at->unpin(hashes));
      }
      case rank_step::recode:
        for (const auto hash : hashes)
          at->recode(hash, static_cast<codec_id>(step.number / 2 % 3));
        return;
      case rank_step::write:
        disk_->write_next();
        return;
      case rank_step::wait:
        model_.now += std::chrono::seconds{step.number % 60};
        return;
      case rank_step::report:
        return report(step.number % 8);
      default:
        return restart();
    }
  }

  void store(std::uint32_t prompt, const hash_list& hashes) {
    std::vector<bytes> sources;
    std::vector<std::span<const std::byte>> chunks;
    for (const auto hash : hashes)
      sources.push_back(bytes_of(hash));
    chunks.assign(sources.begin(), sources.end());
    const auto had = model_.count_prefix(location::cpu, hashes);
    const auto result = engine_->store(tokens_of(prompt), chunks);
    const auto has = model_.count_prefix(location::cpu, hashes);
    expect(has >= had, "a store that loses its own chunks");
    expect(is_tight_ || has == hashes.size(), "a store without effect");
    expect(result ? result->stored + result->already_held == has : has == 0,
           "a store that miscounts");
    model_.offered.insert(hashes.begin(), hashes.end());
  }

  void retrieve(std::uint32_t prompt, const hash_list& hashes) {
    std::vector<bytes> copies(hashes.size(), bytes(chunk_bytes));
    const std::vector<std::span<std::byte>> targets(copies.begin(),
                                                    copies.end());
    const auto expected = model_.count_prefix(hashes);
    const auto got = engine_->retrieve(tokens_of(prompt), targets);
    expect(got && *got == expected * chunk_size,
           "a retrieve of another length");
    for (std::size_t i = 0; i < expected; ++i)
      expect(copies[i] == bytes_of(hashes[i]), "wrong bytes");
  }

  void report(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto sent = stream_->next();
      if (!sent)
        return;
      const auto& content = sent->get_as<chunk_report>(0);
      stream_->acknowledge(receiver_.apply(content));
    }
  }

  hash_list scan(location where) const {
    hash_list result;
    std::uint64_t cursor = 0;
    do {
      const auto step = engine_->scan(where, cursor, 7);
      result.insert(result.end(), step.hashes.begin(), step.hashes.end());
      cursor = step.next_cursor;
    } while (cursor != 0);
    return result;
  }

  void compare(const std::vector<chunk_outcome>& expected,
               const std::vector<chunk_change>& changes) {
    expect(
      std::ranges::equal(expected, changes, {}, {}, &chunk_change::outcome),
      "another outcome");
  }

  void compare_stores() {
    for (const auto where : {location::cpu, location::disk}) {
      auto found = scan(where);
      std::sort(found.begin(), found.end());
      expect(std::ranges::equal(found, model_.held(where)),
             to_string(where) + " holds something else");
      const auto usage = engine_->at(where)->usage();
      expect(usage.chunks == found.size() &&
               usage.used_bytes <= usage.capacity_bytes,
             to_string(where) + " miscounts");
    }
    note(engine_->cpu()->check());
  }

  void compare_index() {
    report(1'000'000);
    const std::vector<std::uint64_t> live{epoch_};
    found_holders found;
    for (std::uint32_t prompt = 0; prompt < prompts; ++prompt)
      for (const auto hash : hashes_of(prompt)) {
        index_.find({&hash, 1}, live, found);
        for (const auto where : {location::cpu, location::disk})
          expect(model_.held(where).contains(hash) ==
                   std::ranges::any_of(found.holders,
                                       [&](const holder& x) {
                                         return (x.is_on_disk == 1) ==
                                                (where == location::disk);
                                       }),
                 "the index says something else of " + to_string(where));
      }
  }

  std::filesystem::path directory_;
  bool is_tight_;
  chunk_hasher hasher_{{.chunk_size = chunk_size}, false};
  rank_model model_;
  std::unique_ptr<change_hub> hub_;
  std::unique_ptr<cache_engine> engine_;
  disk_store* disk_ = nullptr;
  std::unique_ptr<report_stream> stream_;
  kv_index index_{{}};
  report_intake receiver_{index_, 5};
  std::uint64_t epoch_ = 100;
  std::string trouble_;
};

}  // namespace kvc::test
