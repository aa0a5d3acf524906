#include "actors/commands/command_work.hpp"

#include "messages/errors.hpp"

#include <algorithm>

namespace kvc {

namespace {

/// Chunks of one step. Cheap operations take many under one lock.
constexpr std::size_t many = 256;

std::size_t chunks_per_step(operation what) {
  const auto is_slow =
    what == operation::compress || what == operation::decompress;
  return is_slow ? 1 : many;
}

caf::expected<codec_id> target_of(const command& what) {
  if (what.verb != operation::compress)
    return codec_id::none;
  if (const auto target = codec_named(what.method))
    return *target;
  return caf::make_error(errc::invalid_request,
                         "unknown method: " + what.method);
}

}  // namespace

arrivals arrivals_of(const command& what, chunk_store& store) {
  if (what.is_for_all)
    return {store, std::nullopt};
  return {store, what.hashes.keys};
}

command_work::command_work(command what, chunk_store& store)
    : what_(std::move(what)), store_(&store) {
  if (what_.verb != operation::clear)
    arrivals_ = arrivals_of(what_, store);
  else if (what_.is_for_all)
    found_ = store.arriving();
}

caf::expected<command_work> command_work::plan(
  command what, chunk_store& store, std::chrono::steady_clock::time_point now) {
  const auto& traits = traits_of(what.verb);
  if (!is_known(what.verb) || traits.about != subject::chunks)
    return caf::make_error(
      errc::invalid_request,
      to_string(what.verb) + " is not about the chunks of a location");
  if (traits.tokens == presence::required && what.is_for_all)
    return caf::make_error(errc::invalid_request,
                           to_string(what.verb) + " needs a prompt");
  const auto target = target_of(what);
  if (!target)
    return target.error();
  command_work result{std::move(what), store};
  result.target_ = *target;
  if (result.what_.pin_ttl.count() > 0)
    result.pinned_until_ = now + result.what_.pin_ttl;
  result.tally_.planned = result.what_.is_for_all
                            ? store.usage().chunks + store.arriving().size()
                            : result.what_.hashes.keys.size();
  return result;
}

/// Returns the chunks of the next step; none at the end.
std::vector<std::uint64_t> command_work::next_chunks() {
  const auto count = chunks_per_step(what_.verb);
  if (!what_.is_for_all) {
    const auto& given = what_.hashes.keys;
    const auto from = given.begin() + static_cast<std::ptrdiff_t>(next_hash_);
    next_hash_ += std::min(count, given.size() - next_hash_);
    return {from, given.begin() + static_cast<std::ptrdiff_t>(next_hash_)};
  }
  while (found_.empty() && !has_scanned_all_) {
    auto step = store_->scan(cursor_, many);
    found_ = std::move(step.hashes);
    cursor_ = step.next_cursor;
    has_scanned_all_ = cursor_ == 0;
  }
  const auto from =
    found_.end() - static_cast<std::ptrdiff_t>(std::min(count, found_.size()));
  std::vector<std::uint64_t> result{from, found_.end()};
  found_.erase(from, found_.end());
  return result;
}

void command_work::step() {
  if (arrivals_ && !arrivals_->are_over()) {
    arrivals_->bring_one();
    return;
  }
  const auto chunks = next_chunks();
  if (chunks.empty())
    is_done_ = true;
  else
    change(chunks);
}

void command_work::change(std::span<const std::uint64_t> chunks) {
  std::vector<chunk_change> changes;
  switch (what_.verb) {  // No default, so that -Wswitch reports a missing case.
    case operation::clear:
      changes = store_->clear(chunks);
      break;
    case operation::pin:
      // A prompt is pinned up to the first chunk that is not there.
      if (has_lost_prefix_)
        changes.resize(chunks.size());
      else
        changes = store_->pin(chunks, pinned_until_);
      break;
    case operation::unpin:
      changes = store_->unpin(chunks);
      break;
    case operation::compress:
    case operation::decompress:
      changes.push_back(store_->recode(chunks.front(), target_));
      break;
    case operation::health:
    case operation::move:
      break;
  }
  for (const auto& each : changes)
    note(each);
}

void command_work::note(const chunk_change& change) {
  ++tally_.chunks[static_cast<std::size_t>(change.outcome)];
  // More may come than there was when it was planned.
  tally_.planned = std::max(tally_.planned, tally_.finished());
  has_lost_prefix_ =
    has_lost_prefix_ || change.outcome == chunk_outcome::absent;
  if (change.outcome != chunk_outcome::done)
    return;
  tally_.tokens += change.tokens;
  tally_.bytes_before += change.bytes_before;
  tally_.bytes_after += change.bytes_after;
}

}  // namespace kvc
