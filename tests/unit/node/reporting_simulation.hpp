#pragma once

#include "actors/index/report_intake.hpp"
#include "actors/reporting/report_stream.hpp"
#include "messages/registry.hpp"
#include "tests/support/slab_store.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>

namespace kvc::test {

inline constexpr std::uint32_t max_report_keys = 8;
inline constexpr std::uint32_t worker_slot = 1;

/// One shard: the stream that reports to it, the link and its other end.
struct lane {
  explicit lane(report_stream reporting) : stream(std::move(reporting)) {}

  report_stream stream;
  std::deque<caf::message> reports;  ///< On their way.
  std::deque<report_ack> acks;       ///< On their way back.
  std::deque<report_ack> old_acks;   ///< May arrive once more.
  bool is_woken = false;             ///< By the hub, but not looked yet.
  std::unique_ptr<kv_index> index;
  std::unique_ptr<report_intake> receiver;
};

/// A worker that reports to a controller over links that fail, both as plain
/// rules. Every choice comes from the seed.
class simulation {
 public:
  explicit simulation(std::uint32_t seed)
      : random_(seed), shards_(1 + pick(3)), keys_(std::size_t{8} << pick(4)) {
    if (pick(2) == 0)
      store_.locations.push_back(location::disk);
    store_.step_places = 1 + pick(20);
    store_.after_step = [this] { change(pick(3)); };
    change(pick(2) * keys_);
    for (std::size_t shard = 0; shard < shards_; ++shard)
      lanes_.push_back(
        std::make_unique<lane>(report_stream{hub_, store_, shard}));
    start_controller();
  }

  void step() {
    auto& l = *lanes_[pick(shards_)];
    switch (pick(20)) {
      case 0:
      case 1:
        change(pick(10));
        break;
      case 2:
      case 3:
        look(l);
        break;
      case 4:
        repeat_old_answer(l);
        break;
      case 5:
        l.index->sweep(pick(64));
        break;
      case 6:
        cause_trouble();
        break;
      default:
        pick(2) == 0 ? deliver_report(l) : deliver_ack(l);
    }
  }

  /// Lets everything under way arrive.
  void settle() {
    if (!is_linked_)
      relink();
    if (is_closed_)
      begin_epoch();  // As the next renewal would tell.
    for (auto is_quiet = false; !is_quiet;) {
      is_quiet = true;
      for (auto& l : lanes_) {
        is_quiet =
          is_quiet && l->reports.empty() && l->acks.empty() && !l->is_woken;
        deliver_report(*l);
        deliver_ack(*l);
        look(*l);
      }
    }
  }

  /// Compares what each shard would answer with what the store holds.
  void check() {
    const std::vector<std::uint64_t> live{0, epoch_};
    for (std::size_t shard = 0; shard < shards_; ++shard) {
      std::vector<key_count> counts(live.size());
      key_count expected{};
      found_holders found;
      for (std::uint64_t hash = 0; hash < keys_; ++hash) {
        std::vector<holder> holders;
        if (shard_of(hash, multiplier, shards_) == shard)
          holders = holders_of(hash, expected);
        lanes_[shard]->index->find({&hash, 1}, live, found);
        std::sort(found.holders.begin(), found.holders.end(),
                  [](const holder& a, const holder& b) {
                    return a.is_on_disk < b.is_on_disk;
                  });
        REQUIRE(found.holders == holders);
      }
      lanes_[shard]->index->add_key_counts(live, counts);
      REQUIRE(counts[worker_slot] == expected);
    }
  }

  std::size_t syncs() const { return syncs_; }

 private:
  static constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15U;

  std::size_t pick(std::size_t bound) { return random_() / 7 % bound; }

  std::vector<holder> holders_of(std::uint64_t hash, key_count& counts) const {
    std::vector<holder> result;
    for (const auto where : {location::cpu, location::disk}) {
      const auto is_on_disk = where == location::disk;
      if (store_.held(where).count(hash) == 0)
        continue;
      result.push_back({worker_slot, is_on_disk});
      ++counts[is_on_disk ? 1 : 0];
    }
    return result;
  }

  void change(std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      const auto where = store_.locations[pick(store_.locations.size())];
      const auto hash = pick(keys_);
      if (store_.held(where).count(hash) > 0)
        store_.evict(hash, where);
      else
        store_.admit(hash, where);
    }
  }

  void send(lane& l, caf::message report) {
    syncs_ += report.get_as<chunk_report>(0).begins_sync ? 1 : 0;
    l.reports.push_back(std::move(report));
  }

  void pump(lane& l) {
    while (auto report = l.stream.next())
      send(l, std::move(*report));
  }

  void look(lane& l) {
    if (!l.is_woken)
      return;
    l.is_woken = false;
    if (is_linked_)
      pump(l);
  }

  void deliver_report(lane& l) {
    if (l.reports.empty())
      return;
    auto report = l.reports.front().get_as<chunk_report>(0);
    l.reports.pop_front();
    if (pick(200) == 0)
      report.runs.push_back({location::cpu, true, 1});
    l.acks.push_back(l.receiver->apply(report));
  }

  void deliver_ack(lane& l) {
    if (l.acks.empty() || !is_linked_)
      return;
    const auto ack = l.acks.front();
    l.acks.pop_front();
    l.old_acks.push_back(ack);
    if (l.old_acks.size() > 20)
      l.old_acks.pop_front();
    take_ack(l, ack);
  }

  void take_ack(lane& l, const report_ack& ack) {
    const auto verdict = l.stream.acknowledge(ack);
    if (verdict == report_stream::verdict::epoch_is_over)
      begin_epoch();
    else
      pump(l);
  }

  void repeat_old_answer(lane& l) {
    if (!l.old_acks.empty() && is_linked_)
      take_ack(l, l.old_acks[pick(l.old_acks.size())]);
  }

  void cause_trouble() {
    if (!is_linked_) {
      relink();
      return;
    }
    switch (pick(20)) {
      case 0:
        start_controller();
        break;
      case 1:
        is_closed_ = true;
        for (auto& l : lanes_)
          l->receiver->close(epoch_);
        break;
      case 2:
        lose_link();
        change(pick(2) * shards_ * 70'000);
        break;
      default:
        lose_link();
    }
  }

  /// Answers are lost, and reports too, but for some that arrive late.
  void lose_link() {
    is_linked_ = false;
    for (auto& l : lanes_) {
      l->acks.clear();
      l->reports.resize(pick(l->reports.size() + 1));
    }
  }

  /// The same controller revives the epoch, even with a shard that forgot it,
  /// or does not.
  void relink() {
    is_linked_ = true;
    if (pick(4) == 0) {
      begin_epoch();
      return;
    }
    is_closed_ = false;
    for (auto& l : lanes_) {
      const auto opened = l->receiver->open({epoch_, worker_slot});
      for (auto& report : l->stream.resume(opened.applied_sequence))
        send(*l, std::move(report));
      pump(*l);
    }
  }

  void start_controller() {
    is_linked_ = true;
    for (auto& l : lanes_) {
      l->reports.clear();
      l->acks.clear();
      l->index = std::make_unique<kv_index>(kv_index_options{multiplier, 0});
      l->receiver = std::make_unique<report_intake>(*l->index, max_report_keys);
    }
    begin_epoch();
  }

  void begin_epoch() {
    const auto previous = epoch_++;
    is_closed_ = false;
    hub_.start({multiplier, shards_},
               [this](std::size_t shard) { lanes_[shard]->is_woken = true; });
    for (auto& l : lanes_) {
      if (previous != 0 && pick(2) == 0)
        pump(*l);  // It had not heard yet that the epoch is over.
      l->receiver->close(previous);
      l->receiver->open({epoch_, worker_slot});
      l->stream.start(epoch_,
                      {static_cast<std::uint32_t>(1 + pick(4)),
                       static_cast<std::uint32_t>(1 + pick(max_report_keys))});
      pump(*l);
    }
  }

  std::minstd_rand random_;
  std::size_t shards_;
  std::size_t keys_;
  change_hub hub_;
  test::slab_store store_{hub_};
  std::vector<std::unique_ptr<lane>> lanes_;
  std::uint64_t epoch_ = 0;
  bool is_linked_ = false;
  bool is_closed_ = false;  ///< The epoch, and the worker was not told.
  std::size_t syncs_ = 0;
};

}  // namespace kvc::test
