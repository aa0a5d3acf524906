#pragma once

#include "actors/peers/transfer.hpp"
#include "tests/support/ask_later.hpp"
#include "tests/support/peer_fixture.hpp"

#include <doctest/doctest.h>

namespace kvc::test {

using outcome = chunk_outcome;
using outcomes = std::vector<chunk_outcome>;

outcomes outcomes_of(const fetch_report& report);

/// One transfer at a time, and what becomes of it.
struct transfer_fixture : peer_fixture {
  transfer_impl aut;
  bool has_ended = false;

  std::shared_ptr<answer_box<fetch_report>> fetch(fetch_chunks order);

  std::shared_ptr<answer_box<fetch_report>> fetch(
    const hashes& names,
    std::chrono::milliseconds patience = std::chrono::seconds{2},
    const caf::strong_actor_ptr& owner = {});

  /// Fetches to another rank than ours.
  std::shared_ptr<answer_box<fetch_report>> fetch_to(const rank& to,
                                                     const fetch_chunks& order);

  /// How often the lease that was had was ended.
  std::size_t ended() const;
};

}  // namespace kvc::test
