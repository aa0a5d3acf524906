#include "config/command_line.hpp"

#include "config/values.hpp"

#include <unistd.h>

#include <utility>

namespace kvc {

extra_flag switch_flag(std::string name, bool& target, std::string help) {
  return {std::move(name), "", std::move(help), [&target](const std::string&) {
            target = true;
            return std::string{};
          }};
}

extra_flag text_flag(std::string name, std::string value_name,
                     std::string& target, std::string help) {
  return {std::move(name), std::move(value_name), std::move(help),
          [&target](const std::string& value) {
            target = value;
            return std::string{};
          }};
}

extra_flag number_flag(std::string name, std::uint64_t& target,
                       number_range range, std::string help) {
  return {std::move(name), "NUMBER", std::move(help),
          [&target, range](const std::string& value) {
            try {
              target = parse_integer(value, range);
            } catch (const invalid_value& wrong) {
              return wrong.expected;
            }
            return std::string{};
          }};
}

command_line read_command_line(int argc, const char* const* argv) {
  command_line line;
  if (argc > 0)
    line.arguments.assign(argv + 1, argv + argc);
  for (auto* entry = environ; entry && *entry; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos)
      line.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return line;
}

}  // namespace kvc
