#pragma once

#include "actors/peers/lender.hpp"

#include <memory>

namespace kvc {

/// What is lent, and what its borrower is told.
struct loan {
  lent_chunks chunks;
  chunk_lease answer;
};

/// Returns the store of a location; null if the worker has none.
const chunk_store* lent_store(const lender_services& services, location where);

/// Holds what is asked for of a location that there is: chunks in memory as
/// they are, of chunks on disk copies in memory, as stored. What is asked for
/// by name in memory is used by the peer; nothing else is a use.
/// Takes as long as reading takes.
std::shared_ptr<loan> make_loan(const lender_services& services,
                                const lease_chunks& order);

}  // namespace kvc
