#pragma once

#include "actors/hashing/chunk_hasher.hpp"
#include "apps/node/worker_node.hpp"

#include <caf/expected.hpp>

#include <stop_token>
#include <string>

namespace kvc {

/// The ranks of a node, and how their chunks are named and sized.
struct prompt_context {
  const worker_node& node;
  const worker_node_options& options;
  const chunk_hasher& hasher;
};

/// Stores the chunks of the prompt in `file`, a JSON array of tokens, in every
/// rank, each with its own bytes. Fails with invalid_request or as
/// cache_engine::store does.
caf::expected<void> store_prompt(const prompt_context& context,
                                 const std::string& file);

/// Retrieves such a prompt once in every rank. Logs how much was found, how
/// much came from peers, and how many bytes differ from what store_prompt()
/// stores.
caf::expected<void> retrieve_prompt(const prompt_context& context,
                                    const std::string& file);

/// Looks again and again how much of such a prompt every rank holds, until a
/// stop is requested. After every change it checks the bytes and logs them.
caf::expected<void> watch_prompt(const prompt_context& context,
                                 const std::string& file,
                                 const std::stop_token& stop);

}  // namespace kvc
