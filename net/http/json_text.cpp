#include "net/http/json_text.hpp"

#include <nlohmann/json.hpp>

namespace kvc {

namespace {

/// Looks at all characters, several at once.
bool is_plain(std::string_view text) {
  unsigned odd = 0;
  for (const auto c : text)
    odd |= static_cast<unsigned>(c < ' ') | static_cast<unsigned>(c > '~') |
           static_cast<unsigned>(c == '"') | static_cast<unsigned>(c == '\\');
  return odd == 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  if (is_plain(text)) {
    out += '"';
    out += text;
    out += '"';
    return;
  }
  out += nlohmann::json(text).dump(-1, ' ', false,
                                   nlohmann::json::error_handler_t::replace);
}

}  // namespace kvc
