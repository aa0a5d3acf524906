#include "apps/kvc/prompt_source.hpp"

#include <CLI/CLI.hpp>

namespace kvc {

caf::expected<prompt> prompt_source::read() const {
  return file ? read_prompt(*file) : parse_token_list(tokens.value());
}

CLI::App* add_prompt_source(CLI::App& command, prompt_source& source) {
  auto* group = command.add_option_group("prompt");
  group->add_option("--tokens", source.tokens,
                    "The prompt's tokens, as in 1,2,3");
  group->add_option("--file", source.file,
                    "File with a JSON array of tokens, or an object with "
                    "\"tokens\" and maybe \"model\"; - is standard input");
  group->require_option(0, 1);
  return group;
}

}  // namespace kvc
