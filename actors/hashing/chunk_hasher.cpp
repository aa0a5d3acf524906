#include "actors/hashing/chunk_hasher.hpp"

#include "actors/hashing/builtin_hash.hpp"
#include "actors/hashing/none_hash.hpp"
#include "actors/hashing/sha256_cbor.hpp"

#include <cassert>

namespace kvc {

namespace {

using token_span = std::span<const std::uint32_t>;

std::vector<std::uint64_t> hash_with_builtin(std::uint64_t previous,
                                             token_span tokens,
                                             std::size_t chunk_size,
                                             bool with_partial_chunk) {
  auto hashes = builtin_tuple_hashes(tokens, chunk_size);
  if (const auto rest = tokens.size() % chunk_size;
      with_partial_chunk && rest > 0)
    hashes.push_back(builtin_tuple_hash(tokens.last(rest)));
  for (auto& hash : hashes)
    previous = hash = builtin_chunk_hash(previous, hash);
  return hashes;
}

std::vector<std::uint64_t> hash_with_sha256(std::uint64_t previous,
                                            token_span tokens,
                                            std::size_t chunk_size,
                                            bool with_partial_chunk) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(tokens.size() / chunk_size + 1);
  sha256_cbor hasher;
  for (; tokens.size() >= chunk_size; tokens = tokens.subspan(chunk_size))
    hashes.push_back(previous =
                       hasher.chunk_hash(previous, tokens.first(chunk_size)));
  if (with_partial_chunk && !tokens.empty())
    hashes.push_back(hasher.chunk_hash(previous, tokens));
  return hashes;
}

void append_difference(std::string& list, std::string_view name,
                       const std::string& controller,
                       const std::string& worker) {
  if (!list.empty())
    list += "; ";
  list.append(name);
  list += ": controller " + controller + ", worker " + worker;
}

}  // namespace

chunk_hasher::chunk_hasher(hash_settings settings, bool hashes_partial_chunk)
    : settings_(settings), hashes_partial_chunk_(hashes_partial_chunk) {
  assert(settings_.chunk_size > 0);
}

std::vector<std::uint64_t> chunk_hasher::hash_prompt(token_span tokens) const {
  return hash_continuation(settings_.none_hash, tokens);
}

std::vector<std::uint64_t> chunk_hasher::hash_continuation(
  std::uint64_t previous, token_span tokens) const {
  switch (settings_.algorithm) {
    case hash_algorithm::builtin:
      return hash_with_builtin(previous, tokens, settings_.chunk_size,
                               hashes_partial_chunk_);
    case hash_algorithm::sha256_cbor:
      return hash_with_sha256(previous, tokens, settings_.chunk_size,
                              hashes_partial_chunk_);
  }
  return {};
}

std::uint64_t canary(const hash_settings& settings) {
  return chunk_hasher{settings, true}.hash_prompt(canary_tokens).back();
}

std::string describe_difference(const hash_settings& controller,
                                const hash_settings& worker) {
  std::string result;
  if (controller.algorithm != worker.algorithm)
    append_difference(result, "hash_algorithm", to_string(controller.algorithm),
                      to_string(worker.algorithm));
  if (controller.chunk_size != worker.chunk_size)
    append_difference(result, "chunk_size",
                      std::to_string(controller.chunk_size),
                      std::to_string(worker.chunk_size));
  if (controller.none_hash != worker.none_hash)
    append_difference(
      result, "none_hash",
      render_none_hash(controller.none_hash, controller.algorithm),
      render_none_hash(worker.none_hash, worker.algorithm));
  return result;
}

}  // namespace kvc
