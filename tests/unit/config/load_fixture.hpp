#pragma once

#include "config/load.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

/// Shows what a failed check compared.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static doctest::String convert(const std::vector<std::string>& texts) {
    std::string result;
    for (const auto& text : texts)
      result += "\n  " + text;
    return {result.data(), static_cast<unsigned>(result.size())};
  }
};

namespace kvc::test {

/// A command line, and a directory of its own for the files it names.
class load_fixture {
 public:
  load_fixture() {
    std::string name = std::filesystem::temp_directory_path() / "kvc_XXXXXX";
    directory_ = mkdtemp(name.data());
    line.program = "kvc-test";
    line.summary = "Tests the loader.";
  }

  load_fixture(const load_fixture&) = delete;
  load_fixture& operator=(const load_fixture&) = delete;

  ~load_fixture() { std::filesystem::remove_all(directory_); }

  /// Writes the file that --config names and returns its path.
  std::string configure(const std::string& text) {
    auto path = (directory_ / "w.yaml").string();
    std::ofstream{path, std::ios::binary} << text;
    line.arguments.insert(line.arguments.begin(), {"--config", path});
    return path;
  }

  loaded<worker_options> load_worker() const {
    return load_worker_options(line);
  }

  loaded<controller_options> load_controller() const {
    return load_controller_options(line);
  }

  /// Loads and returns the errors, without the path of the directory.
  std::vector<std::string> worker_errors() const {
    return shortened(load_worker().errors);
  }

  std::vector<std::string> controller_errors() const {
    return shortened(load_controller().errors);
  }

  const std::filesystem::path& directory() const { return directory_; }

  command_line line;

 private:
  std::vector<std::string> shortened(std::vector<std::string> texts) const {
    const auto prefix = directory_.string() + '/';
    for (auto& text : texts)
      for (auto at = text.find(prefix); at != std::string::npos;
           at = text.find(prefix))
        text.erase(at, prefix.size());
    return texts;
  }

  std::filesystem::path directory_;
};

}  // namespace kvc::test
