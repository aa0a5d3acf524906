#include "config/sources.hpp"

#include <cstddef>
#include <cstring>
#include <fstream>
#include <ios>
#include <optional>
#include <utility>

namespace kvc {

namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20U;

/// Returns the file's text; without one, adds an error to `into`.
std::optional<std::string> read_file(const std::string& path, source& into) {
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

/// Returns the only document; without one, adds an error to `into`.
YAML::Node parse_document(const std::string& path, const std::string& text,
                          source& into) {
  try {
    auto documents = YAML::LoadAll(text);
    if (documents.size() > 1)
      into.errors.push_back(place_of(path, documents[1].Mark()) +
                            ": expected one document");
    else if (!documents.empty())
      return documents[0];
  } catch (const YAML::Exception& wrong) {
    into.errors.push_back(place_of(path, wrong.mark) + ": " + wrong.msg);
  }
  return {};
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

source read_yaml_file(const std::string& path) {
  source result;
  const auto text = read_file(path, result);
  if (!text)
    return result;
  const auto document = parse_document(path, *text, result);
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
