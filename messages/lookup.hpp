#pragma once

#include "messages/key_block.hpp"
#include "messages/peer.hpp"
#include "messages/worker_id.hpp"

#include <caf/typed_actor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// How much of a prompt one instance holds.
struct prefix_match {
  std::string instance;
  location where =
    location::cpu;  ///< cpu if all ranks have the last matched chunk there.
  std::uint32_t chunks = 0;  ///< Length of the contiguous prefix; positive.

  friend bool operator==(const prefix_match&, const prefix_match&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, prefix_match& x) {
    return f(caf::meta::type_name("prefix_match"), x.instance, x.where,
             x.chunks);
  }
};

/// A prefix_match whose instance is named elsewhere.
struct prefix_view {
  std::string_view instance;
  location where = location::cpu;
  std::uint32_t chunks = 0;
};

/// Matches of one moment, together with their names.
struct prefix_matches {
  std::vector<prefix_view> views;
  std::shared_ptr<const void> names;  ///< Keeps what `views` refer to.

  /// Copies the matches and their names, for messages.
  std::vector<prefix_match> copy() const {
    std::vector<prefix_match> result;
    result.reserve(views.size());
    for (const auto& x : views)
      result.push_back({std::string{x.instance}, x.where, x.chunks});
    return result;
  }
};

/// How ready the index is to answer.
struct index_status {
  std::uint32_t shards = 0;
  std::uint32_t streams =
    0;  ///< Open report streams of live epochs, over all shards.
  std::uint32_t syncing_streams =
    0;                            ///< Those whose full sync has not ended yet.
  std::uint64_t memberships = 0;  ///< Including those that wait to be swept.
  std::uint64_t bytes = 0;        ///< Memory of the tables.
  std::uint64_t refused_admissions =
    0;  ///< Over the memory budget since the start.
  std::uint32_t missing_ranks =
    0;  ///< Announced by instances with a live rank, but not live.
};

/// An instance that no lookup lists, because some of its ranks are not live.
struct incomplete_instance {
  std::string name;
  std::uint32_t live_ranks = 0;
  std::uint32_t rank_count = 0;
};

/// The memberships of one worker by location, indexed by `location`.
using key_count = std::array<std::uint64_t, location_count>;

/// Reads the index, the only way to do so. Thread-safe, never waits for an
/// actor.
class lookup_source {
 public:
  virtual ~lookup_source() = default;

  /// Returns for every instance of `model` that holds hashes[0] how long the
  /// prefix of `hashes` is that all its ranks hold: longest first, equals by
  /// name. Holders of a later part alone are not listed.
  virtual prefix_matches find_prefixes(std::span<const std::uint64_t> hashes,
                                       std::string_view model) = 0;

  /// Returns the memberships of every live worker, indexed by worker_slot; the
  /// counts of slots without a live worker are zero.
  virtual std::vector<key_count> key_counts() = 0;

  /// Returns the first `limit` incomplete instances of `model`, by name.
  virtual std::vector<incomplete_instance> incomplete(std::string_view model,
                                                      std::size_t limit) = 0;

  virtual index_status status() = 0;
};

/// Cuts prompts into chunks and names them. Thread-safe.
class prompt_hasher {
 public:
  virtual ~prompt_hasher() = default;

  /// Returns one hash per chunk of `tokens`, in order. Whether a last, partial
  /// chunk is included is the hasher's setting.
  virtual std::vector<std::uint64_t> hash_prompt(
    std::span<const std::uint32_t> tokens) const = 0;

  /// Tokens per chunk.
  virtual std::uint32_t chunk_size() const = 0;
};

/// Asks for the holders of a prefix.
struct find_prefixes {
  key_block hashes;
  std::string model;

  template <class Inspector>
  friend auto inspect(Inspector& f, find_prefixes& x) {
    return f(caf::meta::type_name("find_prefixes"), x.hashes, x.model);
  }
};

/// Asks which peers of a worker hold the prefix of `hashes`: workers of the
/// same rank number and model in other instances.
struct locate_chunks {
  key_block hashes;
  std::string model;
  worker_id asker;

  template <class Inspector>
  friend auto inspect(Inspector& f, locate_chunks& x) {
    return f(caf::meta::type_name("locate_chunks"), x.hashes, x.model, x.asker);
  }
};

/// A peer that holds a prefix.
struct chunk_holder {
  peer_address peer;
  std::uint32_t chunks = 0;  ///< Length of the prefix; positive.

  template <class Inspector>
  friend auto inspect(Inspector& f, chunk_holder& x) {
    return f(caf::meta::type_name("chunk_holder"), x.peer, x.chunks);
  }
};

/// Answers workers' questions about the index.
using lookup_actor = caf::typed_actor<
  // See lookup_source::find_prefixes.
  caf::replies_to<find_prefixes>::with<std::vector<prefix_match>>,
  // The longest prefixes first, and not all if there are many.
  caf::replies_to<locate_chunks>::with<std::vector<chunk_holder>>>;

}  // namespace kvc
