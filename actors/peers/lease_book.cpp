#include "actors/peers/lease_book.hpp"

#include <algorithm>
#include <numeric>

namespace kvc {

std::uint64_t lease_book::add(lent_chunks chunks, caf::actor_addr borrower,
                              time_point until) {
  leases_.emplace(++last_id_,
                  lease{std::move(chunks), std::move(borrower), until});
  return last_id_;
}

bool lease_book::renew(std::uint64_t id, time_point until) {
  const auto found = leases_.find(id);
  if (found == leases_.end())
    return false;
  found->second.until = until;
  return true;
}

void lease_book::end_all_of(const caf::actor_addr& borrower) {
  std::erase_if(leases_,
                [&](const auto& x) { return x.second.borrower == borrower; });
}

bool lease_book::has_borrower(const caf::actor_addr& borrower) const {
  return std::any_of(leases_.begin(), leases_.end(), [&](const auto& x) {
    return x.second.borrower == borrower;
  });
}

std::size_t lease_book::expire(time_point now) {
  return std::erase_if(leases_,
                       [now](const auto& x) { return x.second.until <= now; });
}

std::size_t lease_book::copies() const {
  return std::accumulate(leases_.begin(), leases_.end(), std::size_t{0},
                         [](std::size_t sum, const auto& x) {
                           return sum + x.second.chunks.copies.size();
                         });
}

}  // namespace kvc
