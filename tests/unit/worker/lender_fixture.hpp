#pragma once

#include "actors/worker/lender.hpp"
#include "tests/unit/worker/peer_fixture.hpp"

#include <doctest/doctest.h>
#include <caf/event_based_actor.hpp>

#include <numeric>

namespace kvc::test {

using outcomes = std::vector<chunk_outcome>;

/// Tells a reader to ask for a lease, which it keeps.
struct ask_for {
  lease_chunks order;
};

using reader_actor = caf::typed_actor<caf::reacts_to<ask_for>>;

inline reader_actor::behavior_type lease_reader(
  reader_actor::pointer self, const lender_actor& target,
  const std::shared_ptr<answer_box<chunk_lease>>& box) {
  return {[=](const ask_for& msg) {
    self->request(target, caf::infinite, msg.order)
      .then([box](chunk_lease& x) { box->value = std::move(x); },
            [box](caf::error& x) { box->error = std::move(x); });
  }};
}

/// A lender, its pool, its worker and those who borrow.
struct lender_fixture : memories {
  worker_id id{"b", 3};
  std::uint64_t epoch = 9;
  std::deque<work_pool::job> jobs;  ///< Submitted, not done.
  clearing_worker owner;
  lender_options options;
  bool is_worker_there = true;
  disk_store* disk = nullptr;
  std::shared_ptr<answer_box<chunk_lease>> box =
    std::make_shared<answer_box<chunk_lease>>();
  deterministic_system system;
  worker_actor worker = system.spawn(clearing_worker_actor, &owner);
  lender_actor aut;
  reader_actor reader;

  lender_fixture() { restart(); }

  ~lender_fixture() {
    jobs.clear();
    owner.orders.clear();
  }

  void restart() {
    aut = system.spawn(
      lender,
      lender_services{
        id,
        [this] { return epoch; },
        &source,
        disk,
        {.dtype = "bfloat16", .shape = {2, 4}},
        [this](work_pool::job x) { jobs.push_back(std::move(x)); },
        [this] { return is_worker_there ? worker : worker_actor{}; }},
      options);
    reader = new_reader();
  }

  reader_actor new_reader() { return system.spawn(lease_reader, aut, box); }

  void work() {
    for (; !jobs.empty(); jobs.pop_front())
      jobs.front()();
    system.run();
  }

  void advance(std::int64_t milliseconds) {
    system.advance(std::chrono::milliseconds{milliseconds});
  }

  lease_chunks order_of(const hashes& names) const {
    return {.owner = id,
            .epoch = epoch,
            .hashes = {names},
            .valid_for = std::chrono::seconds{10}};
  }

  void ask_as(const reader_actor& who, const lease_chunks& order) {
    *box = {};
    caf::anon_send(who, ask_for{order});
    system.run();
  }

  void ask_as(const reader_actor& who, const hashes& names) {
    ask_as(who, order_of(names));
  }

  chunk_lease borrow_as(const reader_actor& who, const lease_chunks& order) {
    ask_as(who, order);
    CHECK(box->is_empty());
    work();
    REQUIRE(box->value);
    return *box->value;
  }

  chunk_lease borrow_as(const reader_actor& who, const hashes& names) {
    return borrow_as(who, order_of(names));
  }

  chunk_lease borrow(const hashes& names) { return borrow_as(reader, names); }

  chunk_lease borrow_from(std::uint64_t cursor, std::uint32_t count,
                          location where = location::cpu) {
    auto order = order_of({});
    order.cursor = cursor;
    order.max_chunks = count;
    order.where = where;
    return borrow_as(reader, order);
  }

  /// Why the order is refused; empty if it is not.
  std::string refusal_of(const lease_chunks& order) {
    ask_as(reader, order);
    return box->error ? describe(box->error) : "";
  }

  template <class Message>
  void tell(const Message& msg) {
    caf::anon_send(aut, msg);
    system.run();
  }

  template <class Reply, class Request>
  caf::expected<Reply> ask(const Request& request) {
    return system.ask<Reply>(aut, request);
  }

  /// Ends all leases, as their readers' deaths do.
  void end_all() {
    system.kill(reader);
    reader = new_reader();
  }

  outcomes clear(const hashes& names) {
    outcomes result;
    for (const auto& x : source.clear(names))
      result.push_back(x.outcome);
    return result;
  }

  /// Stores 1 to 16, of which 1 is the first to be evicted.
  void fill_up() {
    for (std::uint64_t name = 1; name <= 16; ++name)
      put(source, {name});
  }

  /// Stores fourteen others.
  void put_others() {
    hashes names(14);
    std::iota(names.begin(), names.end(), 101);
    put(source, names);
  }

  /// Stores one chunk more; returns which had to go for it.
  std::uint64_t first_evicted() {
    put(source, {99});
    for (std::uint64_t name = 1; name <= 16; ++name)
      if (held(source, {name}).empty())
        return name;
    return 0;
  }
};

}  // namespace kvc::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::test::ask_for)
