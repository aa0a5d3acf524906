#include "apps/kvc/command.hpp"
#include "apps/kvc/printable.hpp"
#include "apps/kvc/prompt_source.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace kvc {

namespace {

struct lookup_arguments {
  prompt_source source;
  std::string model;
};

verdict judge_lookup(const nlohmann::ordered_json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [instance, held] : answer.at("layout_info").items())
    rows.push_back({instance, held.at(0).get<std::string>(),
                    std::to_string(held.at(1).get<std::uint64_t>())});
  if (rows.empty())
    return {exit_code::nothing, {}, "no instance holds the prompt's beginning"};
  return {exit_code::ok,
          render_table({{"INSTANCE"}, {"LOCATION"}, {"TOKENS", true}},
                       std::move(rows)),
          {}};
}

exit_code look_up(console& terminal, const lookup_arguments& arguments) {
  auto wanted = arguments.source.read();
  if (!wanted)
    return complain(wanted.error());
  nlohmann::json body{{"tokens", wanted->tokens}};
  const auto& model = arguments.model.empty() ? wanted->model : arguments.model;
  if (!model.empty())
    body["model"] = model;
  return terminal.ask({"/lookup", std::move(body)}, judge_lookup);
}

}  // namespace

void add_lookup(CLI::App& app, command_action& action) {
  auto* command = app.add_subcommand(
    "lookup",
    "Lists the instances that hold the beginning of a prompt,\n"
    "the longest first, and how many tokens of it.\n"
    "Exits with 1 if there are none.");
  auto arguments = std::make_shared<lookup_arguments>();
  add_prompt_source(*command, arguments->source)->require_option(1);
  command->add_option("--model", arguments->model,
                      "The model's name, where instances announce one");
  command->callback([arguments, &action] {
    action = [arguments](console& terminal) {
      return look_up(terminal, *arguments);
    };
  });
}

}  // namespace kvc
