#pragma once

#include <string>
#include <string_view>

namespace kvc {

/// From what sources something was built.
struct build_version {
  std::string number;    ///< Of the release: "0.1.0".
  std::string revision;  ///< Git's, as "9ce02eb" or "9ce02eb-dirty"; may be "".
};

/// Returns the version of this program. Only programs and apps/node link it
/// (kvc_version), so that a commit does not change all the rest.
build_version this_build();

/// Returns what --version prints, without a newline: "kvc 0.1.0 (9ce02eb)".
inline std::string version_line(std::string_view program,
                                const build_version& version) {
  const auto& [number, revision] = version;
  return std::string{program} + ' ' + number +
         (revision.empty() ? "" : " (" + revision + ')');
}

}  // namespace kvc
