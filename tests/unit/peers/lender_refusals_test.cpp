#include "tests/unit/peers/lender_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

command_result result_of(std::uint64_t done, std::uint64_t absent,
                         std::uint64_t pinned, std::uint64_t in_use) {
  command_result result;
  const auto count = [&](chunk_outcome what) -> auto& {
    return result.tally.chunks[static_cast<std::size_t>(what)];
  };
  count(chunk_outcome::done) = done;
  count(chunk_outcome::absent) = absent;
  count(chunk_outcome::pinned) = pinned;
  count(chunk_outcome::in_use) = in_use;
  return result;
}

}  // namespace

TEST_SUITE("what a lender refuses and drops") {
  TEST_CASE_FIXTURE(lender_fixture, "is for another worker or epoch") {
    put(source, {1});
    auto order = order_of({1});
    order.owner.rank = 2;
    CHECK(refusal_of(order) == "unknown_worker: b/2");
    order = order_of({1});
    order.epoch = 8;
    CHECK(refusal_of(order) == "stale_epoch: b/3");
    CHECK(describe(ask(renew_chunk_lease{{"a", 3}, 1, 1s}).error()) ==
          "unknown_worker: a/3");
    CHECK(describe(ask(surrender_chunks{{"a", 3}, 9, {{1}}}).error()) ==
          "unknown_worker: a/3");
    CHECK(describe(ask(surrender_chunks{id, 8, {{1}}}).error()) ==
          "stale_epoch: b/3");
    register_as(10);
    CHECK(refusal_of(order_of({1})) == "");
    CHECK(jobs.size() == 1);
    CHECK(owner.orders.empty());
  }

  TEST_CASE_FIXTURE(lender_fixture, "has numbers that make no sense") {
    constexpr auto text = "invalid_request: number of chunks or term";
    options.max_chunks = 3;
    restart();
    put(source, {1, 2, 3, 4});
    auto order = order_of({1});
    order.valid_for = 0s;
    CHECK(refusal_of(order) == text);
    CHECK(refusal_of(order_of({})) == text);
    CHECK(refusal_of(order_of({1, 2, 3, 4})) == text);
    order = order_of({});
    order.max_chunks = 4;
    CHECK(refusal_of(order) == text);
    CHECK(jobs.empty());
    order.max_chunks = 3;
    CHECK(borrow_as(reader, order).chunks.size() == 3);
    CHECK(borrow({1, 2, 3}).chunks.size() == 3);
    const auto lease = borrow({1}).lease_id;
    const auto term = ask(renew_chunk_lease{id, lease, 0s});
    CHECK(term.error() == errc::invalid_request);
  }

  TEST_CASE_FIXTURE(lender_fixture, "is more than it can lend at once") {
    options.max_leases = 2;
    options.max_pending = 1;
    restart();
    put(source, {1, 2, 3});
    ask_as(reader, {1});
    CHECK(refusal_of(order_of({2})) == "too_busy: 0 leases");
    work();
    const auto lease = borrow({2});
    CHECK(refusal_of(order_of({3})) == "too_busy: 2 leases");
    CHECK(clear({3}) == outcomes{chunk_outcome::done});
    tell(end_chunk_lease{id, lease.lease_id});
    CHECK(borrow({1}).chunks.size() == 1);
  }

  TEST_CASE_FIXTURE(lender_fixture, "is dropped by a command of its worker") {
    owner.result = result_of(5, 4, 3, 2);
    const auto report = ask(surrender_chunks{id, 9, {{1, 2}}});
    REQUIRE(report);
    CHECK(*report == surrender_report{
                       .dropped = 5, .absent = 4, .pinned = 3, .in_use = 2});
    REQUIRE(owner.orders.size() == 1);
    const auto& order = owner.orders[0];
    CHECK(order.id == id);
    CHECK(order.what.verb == operation::clear);
    CHECK(order.what.where == location::cpu);
    CHECK_FALSE(order.what.is_for_all);
    CHECK(order.what.hashes == key_block{{1, 2}});
    CHECK(order.timeout == 10s);
    ask(surrender_chunks{id, 9, {{3}}, location::cpu, 7, 8us});
    REQUIRE(owner.orders.size() == 2);
    CHECK(owner.orders[1].terms == order_terms{7, 9, 8us});
    CHECK(owner.orders[1].event_id != owner.orders[0].event_id);
  }

  TEST_CASE_FIXTURE(lender_fixture, "is what the worker does not drop") {
    owner.refusal = caf::make_error(errc::timed_out, "why");
    const surrender_chunks order{id, 9, {{1}}};
    CHECK(describe(ask(order).error()) == "timed_out: why");
    here.set_worker({});
    CHECK(describe(ask(order).error()) == "not_ready: b/3");
    CHECK(owner.orders.size() == 1);
  }

  TEST_CASE_FIXTURE(lender_fixture, "is all it says of a loan that failed") {
    put(source, {1});
    ask_as(reader, {1});
    CHECK(box->is_empty());
    tell(loan_ready{1, {}, caf::make_error(errc::io_failed, "bad_alloc")});
    CHECK(describe(box->error) == "io_failed: bad_alloc");
    work();
    CHECK(clear({1}) == outcomes{chunk_outcome::done});
  }
}
