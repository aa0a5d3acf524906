#pragma once

#include "config/short_text.hpp"

#include <string_view>

namespace kvc {

/// What may name an instance. The loader says so where it is typed, the
/// controller to workers that come with another name.
inline constexpr std::string_view instance_id_rule =
  "1 to 256 printable ASCII characters, and not \"all\"";

/// Returns whether `text` may name an instance. Requests mean every instance by
/// "all".
inline bool is_instance_id(std::string_view text) {
  return !text.empty() && is_short_printable(text) && text != "all";
}

}  // namespace kvc
