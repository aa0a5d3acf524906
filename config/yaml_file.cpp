#include "config/parsing.hpp"
#include "config/sources.hpp"

#include <yaml-cpp/eventhandler.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

namespace kvc {

namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20U;

/// Returns the file's text; without one, adds an error to `into`.
std::optional<std::string> read_file(const std::string& path, source& into) {
  std::error_code ignored;
  if (std::filesystem::is_fifo(path, ignored)) {
    into.errors.push_back(path + ": cannot be read: it is a pipe");
    return std::nullopt;
  }
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  std::string text(max_file_bytes + 1, '\0');
  if (!file.read(text.data(), static_cast<std::streamsize>(text.size())) &&
      !file.eof()) {
    const auto* why = errno != 0 ? std::strerror(errno) : "read error";
    into.errors.push_back(path + ": cannot be read: " + why);
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > max_file_bytes) {
    into.errors.push_back(path + ": larger than 1 MiB");
    return std::nullopt;
  }
  return text;
}

std::string place_of(const std::string& path, const YAML::Mark& mark) {
  return mark.is_null() ? path : path + ':' + std::to_string(mark.line + 1);
}

/// Forgets all that is parsed, but for the place where it begins.
class first_event : public YAML::EventHandler {
 public:
  YAML::Mark mark = YAML::Mark::null_mark();

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& at, YAML::anchor_t) override { note(at); }
  void OnAlias(const YAML::Mark& at, YAML::anchor_t) override { note(at); }
  void OnScalar(const YAML::Mark& at, const std::string&, YAML::anchor_t,
                const std::string&) override {
    note(at);
  }
  void OnSequenceStart(const YAML::Mark& at, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    note(at);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& at, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    note(at);
  }
  void OnMapEnd() override {}

 private:
  void note(const YAML::Mark& at) {
    if (mark.is_null())
      mark = at;
  }
};

/// Returns the file's document; if it is wrong, adds an error to `into`.
YAML::Node parse_file(const std::string& path, const std::string& text,
                      source& into) {
  try {
    return parse_document(text);
  } catch (const YAML::Exception& wrong) {
    into.errors.push_back(place_of(path, wrong.mark) + ": " + wrong.msg);
    return {};
  }
}

/// Adds one key of the document, or why it cannot be one.
void add_item(source& into, std::map<std::string, std::string>& seen,
              const std::string& place,
              const std::pair<YAML::Node, YAML::Node>& item) {
  if (!item.first.IsScalar()) {
    into.errors.push_back(place + ": expected a key, got " +
                          described(item.first));
    return;
  }
  const auto& key = item.first.Scalar();
  const auto [first, is_new] = seen.emplace(key, place);
  if (is_new)
    into.values.push_back({key, place + ": " + key, item.second});
  else
    into.errors.push_back(place + ": " + key + ": given twice, first in " +
                          first->second);
}

}  // namespace

YAML::Node parse_document(const std::string& text) {
  // No more than two are ever asked for: of a stray comma yaml-cpp 0.7 makes
  // empty documents without end, each where the last one was.
  std::istringstream stream{text};
  YAML::Parser parser{stream};
  first_event first;
  first_event second;
  if (parser.HandleNextDocument(first) && parser.HandleNextDocument(second))
    throw YAML::ParserException{second.mark, "expected one document"};
  return YAML::Load(text);
}

source read_yaml_file(const std::string& path) {
  source result;
  const auto text = read_file(path, result);
  if (!text)
    return result;
  const auto document = parse_file(path, *text, result);
  if (!document.IsMap() && !document.IsNull())
    result.errors.push_back(place_of(path, document.Mark()) +
                            ": expected keys with values, got " +
                            described(document));
  if (!document.IsMap())
    return result;
  std::map<std::string, std::string> seen;
  for (const auto& item : document)
    add_item(result, seen, place_of(path, item.first.Mark()), item);
  return result;
}

}  // namespace kvc
