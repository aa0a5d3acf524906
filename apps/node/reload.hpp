#pragma once

#include "config/load.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "net/link/secret.hpp"

#include <spdlog/fmt/fmt.h>

#include <string_view>

namespace kvc {

/// Takes over of `fresh` what can change while a node runs, the log level and
/// the secret of new links, and keeps it in `current`. Tells of other changes
/// that they need a restart. Changes nothing if anything is wrong.
template <class Options, class Node>
void reload(std::string_view program, const loaded<Options>& fresh,
            Options& current, Node& node) {
  for (const auto& error : fresh.errors)
    spdlog::error("{}: not reloaded reason={}", program, error);
  if (!fresh.errors.empty())
    return;
  const auto secret = load_secret(fresh.options.secret_file.string());
  if (!secret) {
    spdlog::error("{}: not reloaded reason={}", program,
                  describe(secret.error()));
    return;
  }
  node.set_secret(*secret);
  current.secret_file = fresh.options.secret_file;
  current.log_level = fresh.options.log_level;
  spdlog::set_level(spdlog::level::from_str(current.log_level));
  spdlog::info("{}: reloaded log_level={}", program, current.log_level);
  const auto others = changed_keys(current, fresh.options);
  if (!others.empty())
    spdlog::warn("{}: a restart is needed for {}", program,
                 fmt::join(others, ", "));
}

}  // namespace kvc
