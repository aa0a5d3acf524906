#include "apps/worker/prompts.hpp"

#include "apps/workload/made_up_chunk.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <condition_variable>
#include <fstream>
#include <mutex>

namespace kvc {

namespace {

constexpr std::chrono::milliseconds watch_period{50};

using token_list = std::vector<std::uint32_t>;

caf::expected<token_list> read_tokens(const std::string& path) {
  std::ifstream file{path};
  const auto parsed = nlohmann::json::parse(file, nullptr, false);
  const auto is_token = [](const nlohmann::json& x) {
    return x.is_number_unsigned() && x.get<std::uint64_t>() <= UINT32_MAX;
  };
  if (!parsed.is_array() ||
      !std::all_of(parsed.begin(), parsed.end(), is_token))
    return caf::make_error(errc::invalid_request,
                           path + ": expected a JSON array of tokens");
  return parsed.get<token_list>();
}

/// Memory for the first chunks of a prompt.
struct prompt_buffer {
  std::vector<std::vector<std::byte>> bytes;
  std::vector<std::uint64_t> hashes;

  prompt_buffer(const prompt_context& context,
                std::span<const std::uint32_t> tokens)
      : hashes(context.hasher.hash_prompt(tokens)) {
    auto left = tokens.size();
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const auto in_chunk =
        std::min<std::size_t>(left, context.hasher.chunk_size());
      left -= in_chunk;
      bytes.emplace_back(in_chunk * context.options.bytes_per_token);
    }
  }

  template <class Span>
  std::vector<Span> spans() {
    return {bytes.begin(), bytes.end()};
  }
};

/// What a rank gave of a prompt.
struct retrieved {
  std::size_t tokens = 0;
  std::uint64_t wrong_bytes = 0;
};

caf::expected<retrieved> retrieve_in(const prompt_context& context,
                                     std::size_t rank,
                                     std::span<const std::uint32_t> tokens) {
  prompt_buffer buffer{context, tokens};
  const auto count = context.node.engines()[rank]->retrieve(
    tokens, buffer.spans<std::span<std::byte>>());
  if (!count)
    return count.error();
  retrieved result{*count, 0};
  const auto chunk_size = context.hasher.chunk_size();
  for (std::size_t i = 0; i * chunk_size < *count; ++i)
    result.wrong_bytes += count_wrong_bytes(buffer.bytes[i], buffer.hashes[i],
                                            context.options.ranks[rank].rank);
  return result;
}

std::string name_of(const prompt_context& context, std::size_t rank) {
  const auto& hosted = context.options.ranks[rank];
  return hosted.instance + '/' + std::to_string(hosted.rank);
}

}  // namespace

caf::expected<void> store_prompt(const prompt_context& context,
                                 const std::string& file) {
  const auto tokens = read_tokens(file);
  if (!tokens)
    return tokens.error();
  prompt_buffer buffer{context, *tokens};
  for (std::size_t i = 0; i < context.options.ranks.size(); ++i) {
    for (std::size_t chunk = 0; chunk < buffer.bytes.size(); ++chunk)
      make_up_chunk(buffer.bytes[chunk], buffer.hashes[chunk],
                    context.options.ranks[i].rank);
    const auto stored = context.node.engines()[i]->store(
      *tokens, buffer.spans<std::span<const std::byte>>());
    if (!stored)
      return stored.error();
    spdlog::info("worker: stored prompt chunks={} worker={}",
                 buffer.bytes.size(), name_of(context, i));
  }
  return caf::unit;
}

caf::expected<void> retrieve_prompt(const prompt_context& context,
                                    const std::string& file) {
  const auto tokens = read_tokens(file);
  if (!tokens)
    return tokens.error();
  for (std::size_t i = 0; i < context.options.ranks.size(); ++i) {
    const auto& engine = *context.node.engines()[i];
    const auto before = engine.chunks_from_peers();
    const auto got = retrieve_in(context, i, *tokens);
    if (!got)
      return got.error();
    spdlog::info(
      "worker: retrieved prompt tokens={} peer_chunks={} wrong_bytes={} "
      "worker={}",
      got->tokens, engine.chunks_from_peers() - before, got->wrong_bytes,
      name_of(context, i));
  }
  return caf::unit;
}

caf::expected<void> watch_prompt(const prompt_context& context,
                                 const std::string& file,
                                 const std::stop_token& stop) {
  const auto tokens = read_tokens(file);
  if (!tokens)
    return tokens.error();
  std::vector<std::optional<retrieved>> last(context.options.ranks.size());
  std::mutex mutex;
  std::condition_variable_any wakeup;
  std::unique_lock lock{mutex};
  while (!stop.stop_requested()) {
    for (std::size_t i = 0; i < last.size(); ++i) {
      const auto held = context.node.engines()[i]->contains(*tokens);
      if (last[i] && last[i]->tokens == held)
        continue;
      const auto got = retrieve_in(context, i, std::span{*tokens}.first(held));
      if (!got)
        return got.error();
      last[i] = *got;
      spdlog::info("worker: holds prompt tokens={} wrong_bytes={} worker={}",
                   got->tokens, got->wrong_bytes, name_of(context, i));
    }
    wakeup.wait_for(lock, stop, watch_period, [] { return false; });
  }
  return caf::unit;
}

}  // namespace kvc
