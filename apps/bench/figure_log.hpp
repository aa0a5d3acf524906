#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace kvc {

/// Keeps what was measured, for programs.
class figure_log {
 public:
  /// Adds an object: what was measured, and how.
  void add(const nlohmann::ordered_json& figure);

  /// Writes `{"machine": ..., "figures": [...]}`. Returns false if it cannot.
  bool write(const std::filesystem::path& file,
             const std::string& machine) const;

 private:
  std::vector<std::string> figures_;
};

}  // namespace kvc
