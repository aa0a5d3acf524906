#pragma once

#include "tests/unit/worker/peer_fixture.hpp"

#include <doctest/doctest.h>

namespace kvc::test {

using outcome = chunk_outcome;
using outcomes = std::vector<chunk_outcome>;

inline outcomes outcomes_of(const fetch_report& report) {
  outcomes result;
  for (const auto& x : report.chunks)
    result.push_back(x.outcome);
  return result;
}

/// One transfer at a time, and what becomes of it.
struct transfer_fixture : peer_fixture {
  transfer_actor aut;
  bool has_ended = false;

  std::shared_ptr<answer_box<fetch_report>> fetch(fetch_chunks order) {
    order.source = address;
    has_ended = false;
    aut = system.spawn(transfer, services());
    aut->attach_functor([this] { has_ended = true; });
    return ask_later<fetch_report>(system, aut, order);
  }

  std::shared_ptr<answer_box<fetch_report>> fetch(
    const hashes& names,
    std::chrono::milliseconds patience = std::chrono::seconds{2},
    const caf::strong_actor_ptr& owner = {}) {
    return fetch(
      fetch_chunks{.hashes = names, .patience = patience, .owner = owner});
  }

  /// How often the lease that was had was ended.
  std::size_t ended() const {
    for (const auto& x : script.ends)
      CHECK((x.owner == address.id && x.lease_id == 5));
    return script.ends.size();
  }
};

}  // namespace kvc::test
