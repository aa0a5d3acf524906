#include "net/http/metrics_text.hpp"

#include <array>
#include <charconv>

namespace kvc {

void metrics_text::family(std::string_view name, std::string_view type,
                          std::string_view help) {
  family_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void metrics_text::sample(std::string_view suffix, label_list labels,
                          double value) {
  std::array<char, 32> digits;
  const auto end =
    std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  add(suffix, labels, {digits.data(), end});
}

void metrics_text::add(std::string_view suffix, label_list labels,
                       std::string_view value) {
  text_.append(family_).append(suffix);
  char separator = '{';
  for (const auto& [name, text] : labels) {
    text_ += std::exchange(separator, ',');
    text_.append(name).append("=\"");
    for (const char c : text) {
      if (c == '"' || c == '\\')
        text_ += '\\';
      text_.append(c == '\n' ? "\\n" : std::string_view{&c, 1});
    }
    text_ += '"';
  }
  if (labels.size() > 0)
    text_ += '}';
  text_.append(" ").append(value).append("\n");
}

}  // namespace kvc
