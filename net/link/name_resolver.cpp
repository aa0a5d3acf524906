#include "net/link/name_resolver.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace kvc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

name_resolver::addresses ask_system(const std::string& host,
                                    error_code& failure) {
  asio::io_context unused;
  name_resolver::addresses result;
  for (const auto& entry : tcp::resolver{unused}.resolve(host, "", failure))
    result.push_back(entry.endpoint().address());
  return result;
}

}  // namespace

/// How a thread passes on what it found. It shares nothing else with the
/// resolver, because it may outlive the resolver and its io_context.
struct name_resolver::mail_slot {
  std::mutex mutex;
  asio::io_context* io = nullptr;  ///< Null once the resolver is gone.
  name_resolver* owner = nullptr;  ///< Likewise. Used on the io_context alone.
};

name_resolver::name_resolver(asio::io_context& io, lookup ask)
    : io_(io),
      lookup_(ask ? std::move(ask) : ask_system),
      slot_(std::make_shared<mail_slot>()) {
  slot_->io = &io;
  slot_->owner = this;
}

name_resolver::~name_resolver() {
  const std::lock_guard lock{slot_->mutex};
  slot_->io = nullptr;
  slot_->owner = nullptr;
}

std::uint64_t name_resolver::resolve(const std::string& host,
                                     std::uint16_t port, callback done) {
  const auto ticket = ++last_ticket_;
  const auto [entry, is_new] = names_.try_emplace(host);
  entry->second.waiters.push_back({ticket, port, std::move(done)});
  if (!is_new)
    return ticket;
  error_code failure;
  const auto address = asio::ip::make_address(host, failure);
  if (failure) {
    queue_.push_back(host);
    start_next();
  } else {  // An address needs no lookup, and does not queue behind names.
    entry->second.is_running = true;
    asio::post(io_, [slot = slot_, host, address] {
      if (slot->owner != nullptr)
        slot->owner->answer(host, {}, {address});
    });
  }
  return ticket;
}

void name_resolver::cancel(std::uint64_t ticket) {
  for (auto& [host, name] : names_) {
    const auto is_it = [&](const auto& item) { return item.ticket == ticket; };
    if (std::erase_if(name.waiters, is_it) == 0)
      continue;
    if (name.waiters.empty() && !name.is_running) {
      std::erase(queue_, host);
      names_.erase(host);
    }
    return;
  }
}

void name_resolver::start_next() {
  while (running_ < max_running && !queue_.empty()) {
    const auto host = std::move(queue_.front());
    queue_.pop_front();
    start(host);
  }
}

void name_resolver::start(const std::string& host) {
  names_.at(host).is_running = true;
  ++running_;
  const auto report = [host](const std::shared_ptr<mail_slot>& slot,
                             const error_code& failure, addresses found) {
    const std::lock_guard lock{slot->mutex};
    if (slot->io != nullptr)
      asio::post(*slot->io, [slot, host, failure, found = std::move(found)] {
        if (slot->owner != nullptr)
          slot->owner->finish(host, failure, found);
      });
  };
  try {
    std::thread{[slot = slot_, ask = lookup_, host, report] {
      error_code problem;
      auto found = ask(host, problem);
      report(slot, problem, std::move(found));
    }}.detach();
  } catch (const std::system_error&) {
    report(slot_, asio::error::try_again, {});
  }
}

void name_resolver::finish(const std::string& host, const error_code& failure,
                           const addresses& found) {
  --running_;
  start_next();
  answer(host, failure, found);
}

void name_resolver::answer(const std::string& host, const error_code& failure,
                           const addresses& found) {
  const auto name = names_.extract(host);
  for (const auto& each : name.mapped().waiters) {
    endpoints result;
    for (const auto& address : found)
      result.emplace_back(address, each.port);
    each.done(failure, result);
  }
}

}  // namespace kvc
