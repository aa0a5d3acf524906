#include "tests/unit/peers/transfer_fixture.hpp"

namespace kvc::test {

outcomes outcomes_of(const fetch_report& report) {
  outcomes result;
  for (const auto& x : report.chunks)
    result.push_back(x.outcome);
  return result;
}

std::shared_ptr<answer_box<fetch_report>> transfer_fixture::fetch(
  fetch_chunks order) {
  order.source = address;
  return fetch_to(here, order);
}

std::shared_ptr<answer_box<fetch_report>> transfer_fixture::fetch(
  const hashes& names, std::chrono::milliseconds patience,
  const caf::strong_actor_ptr& owner) {
  return fetch(
    fetch_chunks{.hashes = names, .patience = patience, .owner = owner});
}

std::shared_ptr<answer_box<fetch_report>> transfer_fixture::fetch_to(
  const rank& to, const fetch_chunks& order) {
  has_ended = false;
  aut = system.spawn(transfer, std::cref(to));
  aut->attach_functor([this] { has_ended = true; });
  return ask_later<fetch_report>(system, aut, order);
}

std::size_t transfer_fixture::ended() const {
  for (const auto& x : script.ends)
    CHECK((x.owner == address.id && x.lease_id == 5));
  return script.ends.size();
}

}  // namespace kvc::test
