#pragma once

#include "net/http/read_progress.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kvc {

class body_buffer;

/// Reads a body that comes in chunks. It looks at every byte once, however they
/// arrive, and keeps neither the extensions of chunks nor the trailer.
class chunk_reader {
 public:
  struct limits {
    std::size_t body_bytes;   ///< Beyond: body_too_long.
    std::size_t extra_bytes;  ///< Of all extensions and the trailer. Beyond:
                              ///< header_too_long.
  };

  explicit chunk_reader(limits chosen)
      : body_left_(chosen.body_bytes), extra_left_(chosen.extra_bytes) {}

  /// Reads and removes the front of `bytes`: all of them unless it is complete
  /// or has failed.
  read_progress feed(std::string_view& bytes, body_buffer& body);

 private:
  /// What comes next.
  enum class place : std::uint8_t {
    first_digit,
    size,
    blank,  ///< Or the extension behind it.
    extension,
    size_end,  ///< LF.
    data,
    data_cr,
    data_lf,
    trailer_line,  ///< Or the end.
    trailer_name,
    trailer_value,
    trailer_end,  ///< LF.
    last_lf,
  };

  read_progress take_data(std::string_view& bytes, body_buffer& body);
  read_progress take(char c);
  read_progress take_size(char c);
  read_progress take_extra(char c);
  read_progress begin_data();

  /// Goes on at `next` if `is_right`.
  read_progress expect(bool is_right, place next);

  place place_ = place::first_digit;
  int digits_ = 0;
  std::uint64_t size_ = 0;  // Of the chunk; what of it has not come.
  std::size_t body_left_;
  std::size_t extra_left_;
};

}  // namespace kvc
