#pragma once

#include "actors/index/local_lookup_source.hpp"
#include "actors/index/report_intake.hpp"
#include "messages/registry.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kvc::test {

inline constexpr std::uint64_t scene_multiplier = 0x9e3779b97f4a7c15U;

/// The index behind a lookup_source, as its writers see it. Every
/// implementation of lookup_source gets one of these and passes the same cases.
class lookup_backend {
 public:
  virtual ~lookup_backend() = default;

  virtual std::size_t shard_count() const = 0;
  virtual void open(const open_epoch& request) = 0;
  virtual void close(std::uint64_t epoch) = 0;
  virtual report_ack apply(std::uint32_t shard, const chunk_report& report) = 0;

  /// Sweeps as much as one step of a shard does.
  virtual void sweep_some() = 0;

  virtual lookup_source& source() = 0;
};

/// Shards in this process.
class local_backend : public lookup_backend {
 public:
  local_backend(std::shared_ptr<const fleet_board> board, std::size_t shards) {
    std::vector<std::shared_ptr<const kv_index>> readable;
    for (std::size_t i = 0; i < shards; ++i) {
      indexes_.push_back(std::make_shared<kv_index>(
        kv_index_options{.key_multiplier = scene_multiplier}));
      intakes_.emplace_back(*indexes_.back(), 4096);
      readable.push_back(indexes_.back());
    }
    source_ = std::make_unique<local_lookup_source>(
      std::move(board), std::move(readable), scene_multiplier);
  }

  std::size_t shard_count() const override { return indexes_.size(); }
  void open(const open_epoch& request) override {
    for (auto& intake : intakes_)
      intake.open(request);
  }
  void close(std::uint64_t epoch) override {
    for (auto& intake : intakes_)
      intake.close(epoch);
  }
  report_ack apply(std::uint32_t shard, const chunk_report& report) override {
    return intakes_[shard].apply(report);
  }
  void sweep_some() override {
    for (auto& index : indexes_)
      index->sweep(100);
  }
  lookup_source& source() override { return *source_; }

 private:
  std::vector<std::shared_ptr<kv_index>> indexes_;
  std::vector<report_intake> intakes_;
  std::unique_ptr<lookup_source> source_;
};

/// A fleet of workers that report what they hold. A worker is named by the
/// number that `add_worker` returned.
class lookup_scene {
 public:
  using keys = std::vector<std::uint64_t>;
  using matches = std::vector<prefix_match>;
  using make_backend = std::function<std::unique_ptr<lookup_backend>(
    std::shared_ptr<const fleet_board>)>;

  explicit lookup_scene(const make_backend& make) : backend_(make(board_)) {}

  std::size_t add_worker(const std::string& instance, std::uint32_t rank_count,
                         const std::string& model = "") {
    workers_.push_back({instance, model, rank_count, 0, true, {}});
    begin_epoch(workers_.size() - 1);
    report(workers_.size() - 1, {}, location::cpu, true, true, true);
    return workers_.size() - 1;
  }

  void admit(std::size_t worker, const keys& what,
             location where = location::cpu) {
    report(worker, what, where, true, false, false);
  }

  void evict(std::size_t worker, const keys& what,
             location where = location::cpu) {
    report(worker, what, where, false, false, false);
  }

  void begin_sync(std::size_t worker) {
    report(worker, {}, location::cpu, true, true, false);
  }

  void end_sync(std::size_t worker) {
    report(worker, {}, location::cpu, true, false, true);
  }

  /// The registry hides the worker or shows it again.
  void set_live(std::size_t worker, bool is_live) {
    workers_[worker].is_live = is_live;
    publish();
  }

  /// The worker's process is another one, which holds nothing.
  void restart(std::size_t worker) {
    backend_->close(workers_[worker].epoch);
    begin_epoch(worker);
    report(worker, {}, location::cpu, true, true, true);
  }

  void sweep_some() { backend_->sweep_some(); }

  matches find(const keys& hashes, const std::string& model = "") {
    return backend_->source().find_prefixes(hashes, model).copy();
  }

  lookup_source& source() { return backend_->source(); }
  std::size_t shard_count() const { return backend_->shard_count(); }

 private:
  struct reporting_worker {
    std::string instance;
    std::string model;
    std::uint32_t rank_count = 0;
    std::uint64_t epoch = 0;
    bool is_live = true;
    std::vector<std::uint64_t> sequences;  ///< By shard.
  };

  void begin_epoch(std::size_t index) {
    auto& w = workers_[index];
    w.epoch = ++epochs_;
    w.sequences.assign(backend_->shard_count(), 0);
    backend_->open({w.epoch, static_cast<std::uint32_t>(index)});
    publish();
  }

  void report(std::size_t index, const keys& what, location where,
              bool is_admission, bool begins_sync, bool ends_sync) {
    auto& w = workers_[index];
    std::vector<chunk_report> reports(backend_->shard_count());
    for (const auto key : what)
      reports[shard_of(key, scene_multiplier, reports.size())]
        .keys.keys.push_back(key);
    for (std::uint32_t shard = 0; shard < reports.size(); ++shard) {
      auto& r = reports[shard];
      r.epoch = w.epoch;
      r.sequence = ++w.sequences[shard];
      r.begins_sync = begins_sync;
      r.ends_sync = ends_sync;
      if (!r.keys.keys.empty())
        r.runs = {{where, is_admission,
                   static_cast<std::uint32_t>(r.keys.keys.size())}};
      REQUIRE(backend_->apply(shard, r).status == report_status::applied);
    }
  }

  void publish() {
    auto view = std::make_shared<fleet_view>();
    view->live_epochs.resize(workers_.size());
    view->instance_of.resize(workers_.size());
    std::map<std::string, fleet_view::instance> by_name;
    for (const auto& w : workers_) {
      if (w.is_live)
        by_name[w.instance] = {w.instance,
                               w.model,
                               w.rank_count,
                               by_name[w.instance].live_ranks + 1,
                               {}};
    }
    std::map<std::string, std::uint32_t> position;
    for (const auto& [name, instance] : by_name) {
      position[name] = static_cast<std::uint32_t>(view->instances.size());
      view->instances.push_back(instance);
      view->missing_ranks += instance.rank_count - instance.live_ranks;
    }
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (!workers_[i].is_live)
        continue;
      view->live_epochs[i] = workers_[i].epoch;
      view->instance_of[i] = position[workers_[i].instance];
    }
    board_->publish(std::move(view));
  }

  std::shared_ptr<fleet_board> board_ = std::make_shared<fleet_board>();
  std::unique_ptr<lookup_backend> backend_;
  std::vector<reporting_worker> workers_;
  std::uint64_t epochs_ = 0;
};

/// Runs `test` once for every implementation of lookup_source.
inline void for_each_source(const std::function<void(lookup_scene&)>& test) {
  for (const std::size_t shards : {1U, 2U, 8U}) {
    CAPTURE(shards);
    lookup_scene scene{[shards](auto board) {
      return std::make_unique<local_backend>(std::move(board), shards);
    }};
    test(scene);
  }
}

}  // namespace kvc::test
