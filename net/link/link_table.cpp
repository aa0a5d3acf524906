#include "net/link/link_table.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

namespace {

constexpr std::size_t min_slots_before_sweep = 64;

}  // namespace

link_place::link_place(std::shared_ptr<link_table> table,
                       const process_id& peer, std::uint64_t number)
    : table_(std::move(table)), peer_(peer), number_(number) {}

link_place::~link_place() { table_->release(peer_, number_); }

bool link_place::confirm() { return table_->confirm(peer_, number_); }

void link_place::fill(std::shared_ptr<adopted_socket> link) {
  table_->fill(peer_, number_, std::move(link));
}

std::unique_ptr<link_place> link_table::claim(const process_id& peer) {
  if (peer == self_)
    return nullptr;
  const std::lock_guard lock{mutex_};
  auto& slot = slot_of(peer);
  if (slot.is_taken())
    return nullptr;
  slot.dial = ++last_number_;
  slot.is_confirmed = false;
  return std::make_unique<link_place>(shared_from_this(), peer, slot.dial);
}

std::uint64_t link_table::now() const {
  const std::lock_guard lock{mutex_};
  return last_number_;
}

admission_result link_table::admit(const process_id& peer,
                                   std::uint64_t since) {
  const std::lock_guard lock{mutex_};
  auto& slot = slot_of(peer);
  if ((slot.dial != 0 && self_ < peer) ||
      (slot.is_linked() && slot.dialled_at > since))
    return {admission::duplicate, nullptr};
  // Another socket is about to become the link: decide once it has.
  if (slot.peers_dial != 0 || (slot.dial != 0 && slot.is_confirmed))
    return {admission::later, nullptr};
  if (slot.is_linked()) {
    slot.link->cut();
    return {admission::later, nullptr};
  }
  slot.dial = 0;  // The peer refuses our dial, or does not know it any more.
  slot.peers_dial = ++last_number_;
  return {admission::granted, std::make_unique<link_place>(
                                shared_from_this(), peer, slot.peers_dial)};
}

std::shared_ptr<adopted_socket> link_table::link_of(
  const process_id& peer) const {
  const std::lock_guard lock{mutex_};
  const auto it = slots_.find(peer);
  return it == slots_.end() ? nullptr : it->second.link;
}

bool link_table::is_taken(const process_id& peer) const {
  const std::lock_guard lock{mutex_};
  const auto it = slots_.find(peer);
  return it != slots_.end() && it->second.is_taken();
}

void link_table::cut_all() {
  const std::lock_guard lock{mutex_};
  for (const auto& [peer, one] : slots_)
    if (one.link)
      one.link->cut();
}

bool link_table::confirm(const process_id& peer, std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  const auto it = slots_.find(peer);
  if (it == slots_.end() || it->second.dial != number)
    return false;
  it->second.is_confirmed = true;
  return true;
}

void link_table::fill(const process_id& peer, std::uint64_t number,
                      std::shared_ptr<adopted_socket> link) {
  const std::lock_guard lock{mutex_};
  auto& slot = slots_[peer];
  slot.link = std::move(link);
  slot.dialled_at = slot.dial == number ? ++last_number_ : 0;
  if (slot.dial == number)
    slot.dial = 0;
  if (slot.peers_dial == number)
    slot.peers_dial = 0;
}

void link_table::release(const process_id& peer, std::uint64_t number) {
  const std::lock_guard lock{mutex_};
  const auto it = slots_.find(peer);
  if (it == slots_.end())
    return;
  if (it->second.dial == number)
    it->second.dial = 0;
  if (it->second.peers_dial == number)
    it->second.peers_dial = 0;
}

link_table::slot_state& link_table::slot_of(const process_id& peer) {
  // So seldom that it costs next to nothing for each link.
  if (slots_.size() >= sweep_at_) {
    std::erase_if(slots_,
                  [](const auto& item) { return !item.second.is_taken(); });
    sweep_at_ = std::max(2 * slots_.size(), min_slots_before_sweep);
  }
  return slots_[peer];
}

}  // namespace kvc
