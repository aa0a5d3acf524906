#include "net/http/chunk_reader.hpp"

#include "net/http/body_buffer.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace kvc {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// What may be in an extension, or in the value of a field.
bool is_text(char c) { return c == '\t' || ((c < 0 || c >= ' ') && c != 0x7f); }

/// What the name of a field consists of.
bool is_name(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         marks.find(c) != std::string_view::npos;
}

/// Returns the value of a digit, or -1.
int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

read_progress chunk_reader::feed(std::string_view& bytes, body_buffer& body) {
  while (!bytes.empty()) {
    auto reached = read_progress::incomplete;
    if (place_ == place::data) {
      reached = take_data(bytes, body);
    } else {
      const char c = bytes.front();
      bytes.remove_prefix(1);
      reached = take(c);
    }
    if (reached != read_progress::incomplete)
      return reached;
  }
  return read_progress::incomplete;
}

read_progress chunk_reader::take_data(std::string_view& bytes,
                                      body_buffer& body) {
  const auto part =
    bytes.substr(0, std::min<std::uint64_t>(bytes.size(), size_));
  if (!body.append(part))
    return read_progress::out_of_memory;
  bytes.remove_prefix(part.size());
  size_ -= part.size();
  if (size_ == 0)
    place_ = place::data_cr;
  return read_progress::incomplete;
}

read_progress chunk_reader::take(char c) {
  switch (place_) {  // No default: -Wswitch reports a missing case.
    case place::first_digit:
    case place::size:
      return take_size(c);
    case place::size_end:
      return c == '\n' ? begin_data() : read_progress::malformed;
    case place::data:
      break;
    case place::data_cr:
      return expect(c == '\r', place::data_lf);
    case place::data_lf:
      return expect(c == '\n', place::first_digit);
    case place::blank:
    case place::extension:
    case place::trailer_line:
    case place::trailer_name:
    case place::trailer_value:
      return take_extra(c);
    case place::trailer_end:
      return expect(c == '\n', place::trailer_line);
    case place::last_lf:
      return c == '\n' ? read_progress::complete : read_progress::malformed;
  }
  return read_progress::malformed;
}

read_progress chunk_reader::take_size(char c) {
  constexpr int max_digits = 16;
  if (const auto value = hex_value(c); value >= 0) {
    if (++digits_ > max_digits)
      return read_progress::malformed;
    size_ = size_ * 16 + static_cast<std::uint64_t>(value);
    return expect(true, place::size);
  }
  if (place_ == place::first_digit)
    return read_progress::malformed;
  if (c == '\r')
    return expect(true, place::size_end);
  return is_blank(c) ? expect(true, place::blank)
                     : expect(c == ';', place::extension);
}

read_progress chunk_reader::begin_data() {
  if (size_ > body_left_)
    return read_progress::body_too_long;
  body_left_ -= size_;
  place_ = size_ == 0 ? place::trailer_line : place::data;
  digits_ = 0;
  return read_progress::incomplete;
}

read_progress chunk_reader::take_extra(char c) {
  if (place_ == place::trailer_line && c == '\r')
    return expect(true, place::last_lf);
  if (extra_left_ == 0)
    return read_progress::header_too_long;
  --extra_left_;
  switch (place_) {
    case place::blank:
      return is_blank(c) ? read_progress::incomplete
                         : expect(c == ';', place::extension);
    case place::extension:
      return c == '\r' ? expect(true, place::size_end)
                       : expect(is_text(c), place::extension);
    case place::trailer_line:
      return expect(is_name(c), place::trailer_name);
    case place::trailer_name:
      return c == ':' ? expect(true, place::trailer_value)
                      : expect(is_name(c), place::trailer_name);
    case place::trailer_value:
      return c == '\r' ? expect(true, place::trailer_end)
                       : expect(is_text(c), place::trailer_value);
    default:
      return read_progress::malformed;
  }
}

read_progress chunk_reader::expect(bool is_right, place next) {
  if (!is_right)
    return read_progress::malformed;
  place_ = next;
  return read_progress::incomplete;
}

}  // namespace kvc
