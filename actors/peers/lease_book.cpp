#include "actors/peers/lease_book.hpp"

#include <algorithm>
#include <numeric>

namespace kvc {

std::uint64_t lease_book::add(lent_chunks chunks, caf::actor_addr reader,
                              time_point until) {
  leases_.emplace(++last_id_,
                  lease{std::move(chunks), std::move(reader), until});
  return last_id_;
}

bool lease_book::renew(std::uint64_t id, time_point until) {
  const auto found = leases_.find(id);
  if (found == leases_.end())
    return false;
  found->second.until = until;
  return true;
}

void lease_book::end_all_of(const caf::actor_addr& reader) {
  std::erase_if(leases_,
                [&](const auto& x) { return x.second.reader == reader; });
}

bool lease_book::has_reader(const caf::actor_addr& reader) const {
  return std::any_of(leases_.begin(), leases_.end(),
                     [&](const auto& x) { return x.second.reader == reader; });
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

std::optional<lease_book::time_point> lease_book::next_end() const {
  std::optional<time_point> result;
  for (const auto& [id, x] : leases_)
    result = std::min(result.value_or(x.until), x.until);
  return result;
}

}  // namespace kvc
