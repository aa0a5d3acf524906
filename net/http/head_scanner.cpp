#include "net/http/head_scanner.hpp"

#include <cctype>

namespace kvc {

namespace {

bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

}  // namespace

read_progress head_scanner::scan(std::string_view bytes) {
  for (; at_ < bytes.size(); ++at_) {
    const bool is_usual =
      at_ != line_ && !is_control(bytes[at_]) && bytes[at_ - 1] != '\r';
    if (is_usual)
      continue;
    const auto reached = take(bytes);
    if (reached != read_progress::incomplete) {
      at_ += reached == read_progress::complete ? 1 : 0;
      return reached;
    }
  }
  return read_progress::incomplete;
}

read_progress head_scanner::take(std::string_view bytes) {
  const char c = bytes[at_];
  const bool is_behind_cr = at_ != line_ && bytes[at_ - 1] == '\r';
  if (is_behind_cr != (c == '\n'))
    return read_progress::malformed;
  if (c == '\n') {
    const bool is_empty = at_ - line_ == 1;
    if (is_empty && line_ != begin_)
      return read_progress::complete;
    line_ = at_ + 1;
    if (is_empty)
      begin_ = line_;
    return read_progress::incomplete;
  }
  if (c == '\r')
    return read_progress::incomplete;
  if (is_control(c) && c != '\t')
    return read_progress::malformed;
  if (at_ != line_)
    return read_progress::incomplete;
  // A method begins with a letter, and no other line is a continued one.
  const bool is_right = line_ == begin_
                          ? std::isalpha(static_cast<unsigned char>(c)) != 0
                          : c != ' ' && c != '\t';
  return is_right ? read_progress::incomplete : read_progress::malformed;
}

}  // namespace kvc
