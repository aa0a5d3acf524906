#include "tests/unit/commands/disk_move_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

/// Does what another store does, but throws when it is looked through.
class throwing_store final : public chunk_store {
 public:
  using names = std::span<const std::uint64_t>;

  explicit throwing_store(chunk_store& real) : real_(&real) {}

  mutable int throws = 0;

  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const override {
    if (throws > 0) {
      --throws;
      throw std::bad_alloc{};
    }
    return real_->scan(cursor, max_entries);
  }

  location_usage usage() const override { return real_->usage(); }
  std::vector<chunk_change> clear(names x) override { return real_->clear(x); }
  std::vector<chunk_change> unpin(names x) override { return real_->unpin(x); }
  std::string check() override { return real_->check(); }

  std::vector<chunk_change> pin(names x,
                                std::optional<time_point> until) override {
    return real_->pin(x, until);
  }

  chunk_change recode(std::uint64_t hash, codec_id target) override {
    return real_->recode(hash, target);
  }

 private:
  chunk_store* real_;
};

/// Moves within one worker.
struct local_fixture : disk_move_fixture {
  run_command local(command what) {
    auto order = order_of(std::move(what));
    order.source = {};
    return order;
  }

  /// Runs a move to its end; returns why it failed, or nothing.
  std::string run(command what) {
    const auto answer = begin(local(std::move(what)));
    settle();
    REQUIRE_FALSE(answer->is_empty());
    if (answer->value)
      result = *answer->value;
    return answer->error ? describe(answer->error) : "";
  }

  std::string refusal_of(const run_command& order) {
    const auto answer = begin(order);
    CHECK(has_ended);
    return answer->error ? describe(answer->error) : "";
  }
};

}  // namespace

TEST_SUITE("move within a worker") {
  TEST_CASE_FIXTURE(local_fixture, "has the worker drop what is on disk now") {
    put(store, {1, 2});
    clears.result.tally.chunks = {1, 0, 0, 1};  // One was pinned.
    CHECK(run(to_disk(move_of({1, 2, 3}))) == "");
    CHECK(count(outcome::done) == 1);
    CHECK(count(outcome::pinned) == 1);
    CHECK(count(outcome::absent) == 1);
    CHECK(result.tally.planned == 3);
    CHECK(scan_all(*files) == std::set<std::uint64_t>{1, 2});
    REQUIRE(clears.orders.size() == 1);
    const auto& order = clears.orders[0];
    CHECK(order.event_id == "Move1/source");
    CHECK(order.id == here.id());
    CHECK(order.what.verb == operation::clear);
    CHECK(order.what.where == location::cpu);
    CHECK_FALSE(order.what.is_for_all);
    CHECK(order.what.hashes == key_block{{1, 2}});
    CHECK(order.timeout == 30s);
    CHECK(order.terms == order_terms{9, 5, 1h});
    CHECK(reporters[0].flushes == 1);
    CHECK(peers.dials.empty());
  }

  TEST_CASE_FIXTURE(local_fixture, "brings all back, part by part") {
    put(store, names_to(70));
    auto copy = to_disk(move_all());
    copy.is_copy = true;
    CHECK(run(copy) == "");
    CHECK(count(outcome::done) == 70);
    CHECK(clears.orders.empty());
    CHECK(heard.size() == 2);
    CHECK(heard[0].tally.planned == 70);
    CHECK(heard[0].tally.of(outcome::done) == 64);
    const auto names = names_to(70);
    REQUIRE(evict(store, names) == 70);
    CHECK(run(to_memory(move_all())) == "");
    CHECK(count(outcome::done) == 70);
    CHECK(result.tally.bytes_after == 70 * chunk_bytes);
    CHECK(held(store, names) == names);
    REQUIRE(clears.orders.size() == 1);
    CHECK(clears.orders[0].what.where == location::disk);
    CHECK(clears.orders[0].what.hashes.keys.size() == 70);
    CHECK(run(to_memory(move_of({1}))) == "");
    CHECK(count(outcome::unchanged) == 1);
  }

  TEST_CASE_FIXTURE(local_fixture, "brings what is on its way to the disk") {
    put_on_disk({1});
    offer_to_disk(2);
    CHECK(run(to_memory(move_all())) == "");
    CHECK(count(outcome::done) == 2);
    CHECK(held(store, {1, 2}) == hashes{1, 2});
    offer_to_disk(3);
    CHECK(run(to_memory(move_of({3}))) == "");
    CHECK(count(outcome::done) == 1);
  }

  TEST_CASE_FIXTURE(local_fixture, "says if the worker drops nothing") {
    put(store, {1});
    clears.refusal = caf::make_error(errc::too_busy, "1024 commands run");
    CHECK(run(to_disk(move_of({1}))) ==
          "connection_lost: copied, but the source keeps its own: "
          "too_busy: 1024 commands run");
  }

  TEST_CASE_FIXTURE(local_fixture, "ends with what its work throws twice") {
    put(store, {1, 2});
    throwing_store broken{store};
    here.stores[0] = &broken;
    broken.throws = 1;
    auto copy = to_disk(move_all());
    copy.is_copy = true;
    CHECK(run(copy) == "");
    CHECK(count(outcome::done) == 2);
    broken.throws = 2;
    CHECK(run(to_disk(move_all())) == "io_failed: std::bad_alloc");
    CHECK(has_ended);
    CHECK(clears.orders.empty());
  }

  TEST_CASE_FIXTURE(local_fixture, "is cancelled between two parts") {
    put(store, names_to(70));
    const auto answer = begin(local(to_disk(move_of(names_to(70)))));
    cancel();
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->was_cancelled);
    CHECK(answer->value->tally.of(outcome::done) == 64);
    CHECK(answer->value->tally.planned == 70);
    CHECK(clears.orders.empty());
  }

  TEST_CASE_FIXTURE(local_fixture,
                    "keeps what has come until the index knows") {
    put(store, {1});
    reporters[0].is_silent = true;
    const auto answer = begin(local(to_disk(move_of({1}))));
    settle();
    CHECK(files->clear(hashes{1})[0].outcome == outcome::in_use);
    move_fixture::answer(0);
    CHECK(answer->value);
    CHECK(files->clear(hashes{1})[0].outcome == outcome::done);
  }

  TEST_CASE_FIXTURE(local_fixture, "refuses what it cannot do") {
    const auto unknown = local({.verb = static_cast<operation>(77)});
    CHECK(refusal_of(unknown) == "invalid_request: operation_77");
    CHECK(refusal_of(local(move_of({1}))) == "invalid_request: to where it is");
    here.set_stores(&store, nullptr);
    CHECK(refusal_of(local(to_disk(move_of({1})))) ==
          "unknown_location: LocalDiskBackend");
    CHECK(refusal_of(local(to_memory(move_of({1})))) ==
          "unknown_location: LocalDiskBackend");
    CHECK(refusal_of(order_of(to_disk(move_of({1})))) ==
          "unknown_location: LocalDiskBackend");
    here.transport = nullptr;
    CHECK(refusal_of(order_of(move_of({1}))) == "p2p_disabled: a/0");
    CHECK(jobs.empty());
    CHECK(peers.dials.empty());
  }
}
