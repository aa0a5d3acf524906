#include "actors/peers/surrender.hpp"

namespace kvc {

run_command order_to_drop(const worker_id& id, location where,
                          const key_block& hashes) {
  run_command result;
  result.id = id;
  result.what.verb = operation::clear;
  result.what.where = where;
  result.what.hashes = hashes;
  return result;
}

surrender_report report_of(const command_tally& tally) {
  return {.dropped = tally.of(chunk_outcome::done),
          .absent = tally.of(chunk_outcome::absent),
          .pinned = tally.of(chunk_outcome::pinned),
          .in_use = tally.of(chunk_outcome::in_use)};
}

}  // namespace kvc
