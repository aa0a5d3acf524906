#include "config/yaml_file.hpp"

#include "config/option.hpp"

#include <yaml-cpp/eventhandler.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

namespace kvc {

namespace {

/// Forgets all that is parsed, but for the place where a document begins.
struct start_finder : YAML::EventHandler {
  YAML::Mark start;

  void OnDocumentStart(const YAML::Mark& at) override { start = at; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// What is wrong with a file as a whole.
YAML::Exception wrong_file(const std::string& what) {
  return {YAML::Mark::null_mark(), what};
}

std::string read_file(const std::string& path) {
  constexpr std::size_t max_bytes = std::size_t{1} << 20U;
  std::error_code ignored;
  if (std::filesystem::is_fifo(path, ignored))
    throw wrong_file("cannot be read: it is a pipe");
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text(max_bytes + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) &&
      !file.eof())
    throw wrong_file(std::string{"cannot be read: "} +
                     (errno != 0 ? std::strerror(errno) : "read error"));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > max_bytes)
    throw wrong_file("larger than 1 MiB");
  return text;
}

std::string place_of(const std::string& path, const YAML::Mark& mark) {
  return mark.is_null() ? path : path + ':' + std::to_string(mark.line + 1);
}

/// Adds one key of a file, or why it cannot be one. `seen` has the places of
/// the keys before it.
void add_key(source& into, std::map<std::string, std::string>& seen,
             const std::string& place, const YAML::Node& name,
             const YAML::Node& value) {
  if (!name.IsScalar()) {
    into.errors.push_back(place + ": expected a key, got " + described(name));
    return;
  }
  const auto& key = name.Scalar();
  const auto [first, is_new] = seen.emplace(key, place);
  if (is_new)
    into.values.push_back({key, place + ": " + key, value});
  else
    into.errors.push_back(place + ": " + key + ": given twice, first in " +
                          first->second);
}

}  // namespace

YAML::Node parse_document(const std::string& text) {
  // No more than two are asked for: of a stray comma yaml-cpp 0.7 makes empty
  // documents without end, each at the place of the last.
  std::istringstream stream{text};
  YAML::Parser parser{stream};
  start_finder finder;
  if (parser.HandleNextDocument(finder) && parser.HandleNextDocument(finder))
    throw YAML::Exception{finder.start, "expected one document"};
  return YAML::Load(text);
}

source read_yaml_file(const std::string& path) {
  source result;
  try {
    const auto document = parse_document(read_file(path));
    if (!document.IsMap() && !document.IsNull())
      throw YAML::Exception{document.Mark(), "expected keys with values, got " +
                                               described(document)};
    std::map<std::string, std::string> seen;
    for (const auto& item : document)
      add_key(result, seen, place_of(path, item.first.Mark()), item.first,
              item.second);
  } catch (const YAML::Exception& wrong) {
    result.errors.push_back(place_of(path, wrong.mark) + ": " + wrong.msg);
  }
  return result;
}

}  // namespace kvc
