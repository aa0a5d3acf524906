#include "net/api/json_trimmer.hpp"

#include "net/api/token_list.hpp"

#include <algorithm>

namespace kvc {

namespace {

constexpr std::size_t max_depth = 100;  // No field of ours needs more.

/// Walks over a text without parsing it.
class walker {
 public:
  explicit walker(std::string_view text) : text_(text) {}

  trimmed_json walk();

 private:
  void skip_string();
  void skip_blanks() {
    at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size());
  }
  bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  void try_tokens();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t lists_ = 0;  ///< Of fields called "tokens", so far.
  std::size_t begin_ = 0;  ///< Of the list in the text,
  std::size_t end_ = 0;    ///< and where it ends.
  std::optional<std::vector<std::uint32_t>> tokens_;
};

trimmed_json walker::walk() {
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      const auto begin = at_;
      skip_string();
      if (depth == 1 && text_.substr(begin, at_ - begin) == R"("tokens")")
        try_tokens();
      continue;
    }
    ++at_;
    if (c == '[' || c == '{') {
      if (++depth > max_depth)
        return {.is_too_deep = true};
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  // Of repeated fields the last one counts: let the parser see to that.
  if (lists_ != 1 || !tokens_)
    return {};
  trimmed_json result{.tokens = std::move(tokens_)};
  result.text.append(text_.substr(0, begin_))
    .append("[]")
    .append(text_.substr(end_));
  return result;
}

void walker::skip_string() {
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\')
      ++at_;
    else if (text_[at_] == '"')
      break;
  }
  at_ = std::min(at_ + 1, text_.size());
}

/// Behind "tokens": reads the list that is its value, if that is a field.
void walker::try_tokens() {
  skip_blanks();
  if (!is_at(':'))
    return;
  ++at_;
  ++lists_;
  skip_blanks();
  auto rest = text_.substr(at_);
  const auto tokens = read_token_list(rest);
  if (!tokens)
    return;
  begin_ = at_;
  end_ = at_ = text_.size() - rest.size();
  tokens_.emplace(tokens->begin(), tokens->end());
}

}  // namespace

trimmed_json trim_json(std::string_view text) { return walker{text}.walk(); }

}  // namespace kvc
