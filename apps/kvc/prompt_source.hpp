#pragma once

#include "apps/kvc/prompt.hpp"

#include <optional>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours.
class App;
}

namespace kvc {

/// Where the command line says a prompt is. An empty list of tokens is a prompt
/// too: it must not read as none.
struct prompt_source {
  std::optional<std::string> tokens = {};
  std::optional<std::string> file = {};

  bool is_given() const { return tokens || file; }

  /// Must be given. Fails with invalid_request, naming the place.
  caf::expected<prompt> read() const;
};

/// Adds --tokens and --file, of which one can be given, to a command. Returns
/// their group. `source` must outlive the parsing.
CLI::App* add_prompt_source(CLI::App& command, prompt_source& source);

}  // namespace kvc
