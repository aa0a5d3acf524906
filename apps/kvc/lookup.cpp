#include "apps/kvc/commands.hpp"
#include "apps/kvc/printable.hpp"

namespace kvc {

namespace {

verdict judge_lookup(const nlohmann::ordered_json& answer) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [instance, held] : answer.at("layout_info").items())
    rows.push_back({instance, held.at(0).get<std::string>(),
                    std::to_string(held.at(1).get<std::uint64_t>())});
  if (rows.empty()) {
    const auto hint = answer.value("hint", "");
    return {exit_code::nothing,
            {},
            "no instance holds the prompt's beginning" +
              (hint.empty() ? "" : "; " + hint)};
  }
  return {exit_code::ok,
          render_table({{"INSTANCE"}, {"LOCATION"}, {"TOKENS", true}},
                       std::move(rows)),
          {}};
}

}  // namespace

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

}  // namespace kvc
