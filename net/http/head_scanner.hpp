#pragma once

#include "net/http/read_progress.hpp"

#include <cstddef>
#include <string_view>

namespace kvc {

/// Finds where the header of a request ends. It looks at every byte once,
/// however they arrive, and refuses what would let two readers disagree about
/// where a field ends: bare CR and LF, control characters, folded lines.
class head_scanner {
 public:
  /// Goes on in `bytes`, which must begin with those of the last call.
  read_progress scan(std::string_view bytes);

  /// Where the request line begins: empty lines may come before it.
  std::size_t begin() const { return begin_; }

  /// Where the header ends, behind its empty line. If it is complete.
  std::size_t end() const { return at_; }

 private:
  /// Takes the byte at at_, which needs a look.
  read_progress take(std::string_view bytes);

  std::size_t begin_ = 0;
  std::size_t line_ = 0;  // Where the current line begins.
  std::size_t at_ = 0;
};

}  // namespace kvc
