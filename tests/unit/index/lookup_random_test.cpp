#include "tests/unit/index/lookup_scene.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace kvc;
using namespace kvc::test;

namespace {

using keys = lookup_scene::keys;
using matches = lookup_scene::matches;

/// A fleet and a plain record of what each worker holds.
class random_fleet {
 public:
  random_fleet(lookup_scene& scene, std::uint64_t seed)
      : scene_(scene), random_(seed) {
    for (int prompt = 0; prompt < 4; ++prompt) {
      keys hashes;
      for (auto n = 10 + below(150); n > 0; --n)
        hashes.push_back(random_());
      prompts_.push_back(std::move(hashes));
    }
    for (int i = 0; i < 7; ++i) {
      const auto ranks = static_cast<std::uint32_t>(1 + below(3));
      instances_.push_back({"i" + std::to_string(below(100'000)),
                            below(3) == 0 ? "other" : "",
                            {}});
      for (std::uint32_t rank = 0; rank < ranks; ++rank)
        instances_.back().ranks.push_back(
          {scene.add_worker(instances_.back().name, ranks,
                            instances_.back().model),
           true,
           {}});
    }
  }

  void step() {
    auto& instance = instances_[below(instances_.size())];
    auto& rank = instance.ranks[below(instance.ranks.size())];
    const auto dice = below(100);
    if (dice < 60) {
      change(instance, rank);
    } else if (dice < 64) {
      rank.is_live = !rank.is_live;
      scene_.set_live(rank.worker, rank.is_live);
    } else if (dice < 65) {
      scene_.restart(rank.worker);
      rank.held.clear();
    } else if (dice < 67) {
      sync(rank);
    } else if (dice < 70) {
      scene_.sweep_some();
    } else {
      check();
    }
  }

 private:
  struct rank_model {
    std::size_t worker = 0;
    bool is_live = true;
    std::set<std::pair<std::uint64_t, location>> held;

    bool has(std::uint64_t hash) const {
      return held.contains({hash, location::cpu}) ||
             held.contains({hash, location::disk});
    }
  };

  struct instance_model {
    std::string name;
    std::string model;
    std::vector<rank_model> ranks;
  };

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  keys some_prefix() {
    const auto& whole = prompts_[below(prompts_.size())];
    return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(
                                             below(whole.size()) + 1)};
  }

  /// Mostly all ranks alike, as in life; else they would never agree.
  void change(instance_model& instance, rank_model& one) {
    const auto where = below(3) == 0 ? location::disk : location::cpu;
    if (below(2) == 0) {
      const auto prefix = some_prefix();
      for (auto& rank : instance.ranks) {
        scene_.admit(rank.worker, prefix, where);
        for (const auto hash : prefix)
          rank.held.insert({hash, where});
      }
    } else {
      const auto gone = some_prefix().back();
      scene_.evict(one.worker, {gone}, where);
      one.held.erase({gone, where});
    }
  }

  /// Half of what the rank held is gone when it synchronises.
  void sync(rank_model& rank) {
    scene_.begin_sync(rank.worker);
    std::erase_if(rank.held, [this](const auto&) { return below(2) == 0; });
    for (const auto& [hash, where] : rank.held)
      scene_.admit(rank.worker, {hash}, where);
    scene_.end_sync(rank.worker);
  }

  matches expected(const keys& hashes, const std::string& model) const {
    matches result;
    for (const auto& instance : instances_) {
      prefix_match match{instance.name, location::cpu, 0};
      for (const auto hash : hashes) {
        const auto& ranks = instance.ranks;
        if (instance.model != model ||
            !std::all_of(ranks.begin(), ranks.end(), [&](const auto& rank) {
              return rank.is_live && rank.has(hash);
            }))
          break;
        const auto is_cpu =
          std::all_of(ranks.begin(), ranks.end(), [&](const auto& rank) {
            return rank.held.contains({hash, location::cpu});
          });
        match.where = is_cpu ? location::cpu : location::disk;
        ++match.chunks;
      }
      if (match.chunks > 0)
        result.push_back(match);
    }
    std::sort(result.begin(), result.end(), [](const auto& x, const auto& y) {
      return std::pair{-std::int64_t{x.chunks}, x.instance} <
             std::pair{-std::int64_t{y.chunks}, y.instance};
    });
    return result;
  }

  void check() {
    auto hashes = some_prefix();
    if (below(4) == 0)
      hashes.erase(hashes.begin());
    for (const auto* model : {"", "other"})
      REQUIRE(scene_.find(hashes, model) == expected(hashes, model));
  }

  lookup_scene& scene_;
  std::mt19937_64 random_;
  std::vector<keys> prompts_;
  std::vector<instance_model> instances_;
};

}  // namespace

TEST_SUITE("lookup_source against brute force") {
  TEST_CASE("agrees after any changes") {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      for_each_source([seed](lookup_scene& scene) {
        CAPTURE(seed);
        random_fleet fleet{scene, seed};
        for (int i = 0; i < 1500; ++i)
          fleet.step();
      });
    }
  }
}
