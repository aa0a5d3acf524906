#pragma once

#include "actors/peers/lease_book.hpp"
#include "actors/peers/rank.hpp"
#include "messages/peer.hpp"

#include <memory>

namespace kvc {

/// What is lent, and what its borrower is told.
struct loan {
  lent_chunks chunks;
  chunk_lease answer;
};

/// Holds what is asked for of a location that the rank has: chunks in memory as
/// they are; of chunks on disk copies in memory, as stored. Only chunks in
/// memory that are asked for by name count as used. Takes as long as reading
/// takes.
std::shared_ptr<loan> make_loan(const rank& here, const lease_chunks& order);

}  // namespace kvc
