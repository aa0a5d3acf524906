#include "net/api/json_walker.hpp"

#include <algorithm>
#include <charconv>

namespace kvc {

namespace {

using progress = walked_json::progress;

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
}

/// Removes blanks and then `c`, if it is there.
bool take(std::string_view& text, char c) {
  skip_blanks(text);
  if (!text.starts_with(c))
    return false;
  text.remove_prefix(1);
  return true;
}

/// Removes an integer of 64 bits, signed or unsigned.
std::optional<std::uint64_t> take_hash(std::string_view& text) {
  skip_blanks(text);
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.starts_with('0') && digits.size() > 1 && digits[1] >= '0' &&
      digits[1] <= '9')
    return {};
  const auto* const end = text.data() + text.size();
  std::uint64_t hash = 0;
  std::int64_t negative = 0;
  const auto read = text.starts_with('-')
                      ? std::from_chars(text.data(), end, negative)
                      : std::from_chars(text.data(), end, hash);
  if (read.ec != std::errc{})
    return {};
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return hash | static_cast<std::uint64_t>(negative);
}

/// As read_token_list, for hashes.
std::optional<std::vector<std::uint64_t>> read_hash_list(
  std::string_view& text) {
  constexpr std::size_t usual_length = 21;  // Of a hash with its comma.
  constexpr std::size_t usual_count = 512;
  std::vector<std::uint64_t> hashes;
  hashes.reserve(std::min(text.size() / usual_length + 1, usual_count));
  auto rest = text;
  if (!take(rest, '['))
    return {};
  if (!take(rest, ']')) {
    do {
      const auto hash = take_hash(rest);
      if (!hash)
        return {};
      hashes.push_back(*hash);
    } while (take(rest, ','));
    if (!take(rest, ']'))
      return {};
  }
  text = rest;
  return hashes;
}

/// Removes a character of a string, or the escape \uXXXX of one, if it is `c`.
bool take_spelled(std::string_view& text, char c) {
  constexpr std::string_view escape = "\\u";
  std::size_t length = 1;
  if (text.starts_with(escape)) {
    const auto digits = text.substr(escape.size(), 4);
    unsigned value = 0;
    const auto* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value, 16);
    if (read.ptr != end || value != static_cast<unsigned char>(c))
      return false;
    length = escape.size() + digits.size();
  } else if (!text.starts_with(c)) {
    return false;
  }
  text.remove_prefix(length);
  return true;
}

/// Whether a string, written with escapes and quotes, is this name.
bool spells(std::string_view text, std::string_view name) {
  return take(text, '"') &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return take_spelled(text, c); }) &&
         text == "\"";
}

class walker {
 public:
  walker(std::string_view text, walked_json& result)
      : text_(text), left_(text), result_(result) {}

  void walk() {
    if (walk_object() && is_plain_ && is_bounded())
      result_.how_far = progress::complete;
    else
      scan(false);
  }

 private:
  /// Walks over the fields of the outermost object. Returns false where there
  /// is something else.
  bool walk_object() {
    if (!take(left_, '{'))
      return false;
    note('{');
    do {
      skip_blanks(left_);
      if (!left_.starts_with('"'))
        return false;
      const auto key = take_name();
      if (!take(left_, ':'))
        return false;
      skip_blanks(left_);
      walk_value(key);
    } while (take_comma());
    if (!take(left_, '}'))
      return false;
    skip_blanks(left_);
    return left_.empty();
  }

  bool take_comma() {
    if (!take(left_, ','))
      return false;
    note(',');
    return is_bounded();
  }

  void walk_value(const std::optional<std::string_view>& key) {
    if (key == "tokens" && take_list(result_.tokens, read_token_list))
      return;
    if (key == "hashes" && take_list(result_.hashes, read_hash_list))
      return;
    if (key && left_.starts_with('"')) {
      if (const auto value = take_string())
        result_.texts.emplace_back(*key, *value);
      return;
    }
    is_plain_ = false;
    scan(true);
  }

  /// Reads a usual list, or notes that the last one of this name is not one.
  template <class List, class Function>
  bool take_list(std::optional<List>& list, Function read) {
    const auto begin = text_.size() - left_.size();
    list = read(left_);
    if (list)
      result_.cuts.push_back({begin, text_.size() - left_.size()});
    return list.has_value();
  }

  /// Removes the name at the front. Returns it if it is plain, or a list's.
  std::optional<std::string_view> take_name() {
    const auto from = left_;
    if (const auto plain = take_string())
      return plain;
    const auto written = from.substr(0, from.size() - left_.size());
    for (const std::string_view name : {"tokens", "hashes"})
      if (spells(written, name))
        return name;
    return {};
  }

  /// Removes the string at the front. Returns it if it is plain.
  std::optional<std::string_view> take_string() {
    left_.remove_prefix(1);
    const auto end = std::find_if(left_.begin(), left_.end(), [](char c) {
      return c < ' ' || c > '~' || c == '"' || c == '\\';
    });
    auto length = static_cast<std::size_t>(end - left_.begin());
    const auto text = left_.substr(0, length);
    const bool is_plain = end != left_.end() && *end == '"';
    while (length < left_.size() && left_[length] != '"')
      length += left_[length] == '\\' ? 2 : 1;
    left_.remove_prefix(std::min(length + 1, left_.size()));
    if (is_plain)
      return text;
    is_plain_ = false;
    return {};
  }

  /// Walks to the end of the text, or of a value in the outermost object.
  void scan(bool ends_with_value) {
    while (!left_.empty() && is_bounded()) {
      const char c = left_.front();
      if (c == '"') {
        take_string();
        continue;
      }
      if (ends_with_value && depth_ == 1 && (c == ',' || c == '}'))
        return;
      left_.remove_prefix(1);
      note(c);
    }
  }

  void note(char c) {
    const bool opens = c == '[' || c == '{';
    if (opens || c == ',')
      ++elements_;
    if (opens)
      ++depth_;
    else if ((c == ']' || c == '}') && depth_ > 0)
      --depth_;
    if (depth_ > walked_json::max_depth)
      result_.how_far = progress::too_deep;
    else if (elements_ > walked_json::max_elements)
      result_.how_far = progress::too_long;
  }

  bool is_bounded() const { return result_.how_far == progress::partial; }

  std::string_view text_;
  std::string_view left_;  // Of the text.
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
  bool is_plain_ = true;  // So far, there is no need for a parser.
  walked_json& result_;
};

}  // namespace

std::string walked_json::rest(std::string_view text) const {
  std::string result;
  std::size_t from = 0;
  for (const auto& each : cuts) {
    result.append(text.substr(from, each.begin - from)).append("[]");
    from = each.end;
  }
  return result.append(text.substr(from));
}

std::size_t walked_json::place_of(std::size_t position) const {
  for (const auto& each : cuts)
    if (position > each.begin + 2)
      position += each.end - each.begin - 2;
  return position;
}

walked_json walk_json(std::string_view text) {
  walked_json result;
  walker{text, result}.walk();
  return result;
}

}  // namespace kvc
