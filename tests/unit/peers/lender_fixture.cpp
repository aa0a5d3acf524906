#include "tests/unit/peers/lender_fixture.hpp"

#include <numeric>

namespace kvc::test {

struct ask_for {
  lease_chunks order;
};

}  // namespace kvc::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::test::ask_for)

namespace kvc::test {

namespace {

reader_actor::behavior_type lease_reader(
  reader_actor::pointer self, const lender_impl& target,
  const std::shared_ptr<answer_box<chunk_lease>>& box) {
  return {[=](const ask_for& msg) {
    self->request(target, caf::infinite, msg.order)
      .then([box](chunk_lease& x) { box->value = std::move(x); },
            [box](caf::error& x) { box->error = std::move(x); });
  }};
}

}  // namespace

lender_fixture::lender_fixture() {
  here.profile.id = id;
  here.format = {.dtype = "bfloat16", .shape = {2, 4}};
  here.set_stores(&source, nullptr);
  here.submit = [this](work_pool::job x) { jobs.push_back(std::move(x)); };
  register_as(9);
  here.set_worker(worker);
  restart();
}

lender_fixture::~lender_fixture() {
  jobs.clear();
  here.forget_actors();
  owner.orders.clear();
}

void lender_fixture::restart() {
  aut = system.spawn(lender, std::cref(here), options);
  reader = new_reader();
}

void lender_fixture::register_as(std::uint64_t number) {
  epoch = number;
  welcome answer;
  answer.epoch = number;
  here.note_welcome(answer);
}

reader_actor lender_fixture::new_reader() {
  return system.spawn(lease_reader, aut, box);
}

void lender_fixture::work() {
  for (; !jobs.empty(); jobs.pop_front())
    jobs.front()();
  system.run();
}

void lender_fixture::ask_as(const reader_actor& who,
                            const lease_chunks& order) {
  *box = {};
  caf::anon_send(who, ask_for{order});
  system.run();
}

chunk_lease lender_fixture::borrow_as(const reader_actor& who,
                                      const lease_chunks& order) {
  ask_as(who, order);
  CHECK(box->is_empty());
  work();
  REQUIRE(box->value);
  return *box->value;
}

chunk_lease lender_fixture::borrow_from(std::uint64_t cursor,
                                        std::uint32_t count, location where) {
  auto order = order_of({});
  order.cursor = cursor;
  order.max_chunks = count;
  order.where = where;
  return borrow_as(reader, order);
}

std::string lender_fixture::refusal_of(const lease_chunks& order) {
  ask_as(reader, order);
  return box->error ? describe(box->error) : "";
}

template <class Message>
void lender_fixture::tell(const Message& msg) {
  caf::anon_send(aut, msg);
  system.run();
}

template void lender_fixture::tell(const end_chunk_lease&);
template void lender_fixture::tell(const loan_ready&);

caf::expected<lease_term> lender_fixture::ask(const renew_chunk_lease& msg) {
  return system.ask<lease_term>(aut, msg);
}

caf::expected<surrender_report> lender_fixture::ask(
  const surrender_chunks& msg) {
  return system.ask<surrender_report>(aut, msg);
}

void lender_fixture::end_all() {
  system.kill(reader);
  reader = new_reader();
}

outcomes lender_fixture::clear(const hashes& names) {
  outcomes result;
  for (const auto& x : source.clear(names))
    result.push_back(x.outcome);
  return result;
}

void lender_fixture::fill_up() {
  for (std::uint64_t name = 1; name <= 16; ++name)
    put(source, {name});
}

void lender_fixture::put_others() {
  hashes names(14);
  std::iota(names.begin(), names.end(), 101);
  put(source, names);
}

std::uint64_t lender_fixture::first_evicted() {
  put(source, {99});
  for (std::uint64_t name = 1; name <= 16; ++name)
    if (held(source, {name}).empty())
      return name;
  return 0;
}

}  // namespace kvc::test
