#include "messages/repeated_log.hpp"

#include "messages/log.hpp"

namespace kvc {

namespace {

repeated_log& warnings() {
  static repeated_log result{
    [](const std::string& line) { spdlog::warn("{}", line); }};
  return result;
}

}  // namespace

void repeated_log::add(std::string_view fact, std::string_view details,
                       clock::time_point now) {
  const std::lock_guard lock{mutex_};
  settle_locked(now);
  auto it = runs_.find(fact);
  if (it == runs_.end()) {
    const auto is_full = runs_.size() >= max_facts;
    std::string key{is_full ? "log: more repeated warnings" : fact};
    it = runs_.try_emplace(std::move(key)).first;
    if (it->second.count == 0)
      write_(is_full || details.empty()
               ? it->first
               : it->first + ' ' + std::string{details});
  }
  ++it->second.count;
  it->second.last = now;
}

void repeated_log::settle(clock::time_point now) {
  const std::lock_guard lock{mutex_};
  settle_locked(now);
}

void repeated_log::settle_locked(clock::time_point now) {
  std::erase_if(runs_, [&](const auto& item) {
    const auto& [fact, seen] = item;
    if (now - seen.last < quiet)
      return false;
    if (seen.count > 1)
      write_(fact + " ended count=" + std::to_string(seen.count));
    return true;
  });
}

void warn_repeated(std::string_view fact, std::string_view details) {
  warnings().add(fact, details, repeated_log::clock::now());
}

void settle_repeated() { warnings().settle(repeated_log::clock::now()); }

void end_repeated() { warnings().end(); }

}  // namespace kvc
