#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// What is left for a general parser, which makes an object of each token.
struct trimmed_json {
  bool is_too_deep = false;  ///< Nested beyond any use; the rest is not set.

  /// The list of the only field "tokens" of the outermost object, if it is a
  /// usual one; see read_token_list. Empty in `text`.
  std::optional<std::vector<std::uint32_t>> tokens{};
  std::string text{};  ///< Empty if there is no such list.
};

/// Looks through a text that may be JSON, with bounded memory.
trimmed_json trim_json(std::string_view text);

}  // namespace kvc
