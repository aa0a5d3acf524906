#pragma once

#include "net/api/token_list.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvc {

/// A request's body after one pass over its text, which builds no objects. It
/// is not known to be JSON unless it is complete.
struct walked_json {
  enum class progress : std::uint8_t {
    complete,  ///< A JSON object of which `tokens`, `hashes`, `texts` are all.
    partial,   ///< A parser has to read `rest`.
    too_deep,  ///< Nested beyond any use.
    too_long,  ///< Has more than max_elements.
  };

  /// Beyond, a parser would fill memory and take time. Each opening bracket
  /// and each comma counts, but for those of the lists below.
  static constexpr std::size_t max_elements = std::size_t{1} << 18U;

  static constexpr std::size_t max_depth = 100;  ///< Brackets open at once.

  progress how_far = progress::partial;

  /// The last field "tokens" of the outermost object, however its name is
  /// escaped, if it is a usual list; see read_token_list.
  std::optional<token_view> tokens{};

  /// The same for "hashes": integers of 64 bits, signed or unsigned.
  std::optional<std::vector<std::uint64_t>> hashes{};

  /// Fields of the outermost object that are strings of printable ASCII without
  /// escapes, in order: names and values.
  boost::container::small_vector<std::pair<std::string_view, std::string_view>,
                                 2>
    texts{};

  /// A part of the text for which `rest` has "[]": a list of tokens or hashes.
  struct cut {
    std::size_t begin;
    std::size_t end;
  };
  boost::container::small_vector<cut, 2> cuts{};

  /// Returns the text without the lists that were read.
  std::string rest(std::string_view text) const;

  /// Returns where in the text a position of `rest` is.
  std::size_t place_of(std::size_t position) const;
};

/// Walks over a text that may be JSON. The result refers to it.
walked_json walk_json(std::string_view text);

}  // namespace kvc
