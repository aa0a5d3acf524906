#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

struct field;

/// The shape of a JSON value, for those who write clients. Rows of the route
/// table make them with the functions below.
struct schema {
  enum class kind : std::uint8_t {
    any,  ///< Whatever JSON there is.
    text,
    integer,
    number,
    boolean,
    list,    ///< Elements of the one shape in `parts`.
    tuple,   ///< As many elements as `parts`, each of its shape.
    map,     ///< An object with any names; its values are of the one shape.
    object,  ///< An object with these `fields`.
    any_of,  ///< One of `parts`.
  };

  static constexpr auto no_minimum = std::numeric_limits<std::int64_t>::min();
  static constexpr auto no_maximum = std::numeric_limits<std::int64_t>::max();

  kind what = kind::any;
  std::string name = {};  ///< Of an object, for typed clients; may be empty.
  std::vector<schema> parts = {};
  std::vector<field> fields;
  std::vector<std::string> choices = {};  ///< Of a text; empty: any text.
  std::int64_t minimum = 0;               ///< Of an integer.
  std::int64_t maximum = no_maximum;      ///< Of an integer.
  bool is_nullable = false;

  static schema any();
  static schema text();
  static schema choice(std::vector<std::string> choices);
  static schema integer(std::int64_t maximum = no_maximum,
                        std::int64_t minimum = 0);
  static schema number();
  static schema boolean();
  static schema list(schema element);
  static schema tuple(std::vector<schema> elements);
  static schema map(schema value);

  /// An object that several routes share needs a name, and the same fields
  /// wherever it has this name.
  static schema object(std::vector<field> fields, std::string name = {});

  static schema any_of(std::vector<schema> choices);

  /// Returns the same shape, or null.
  schema or_null() const;
};

/// One field of a JSON object, or one parameter of a path or a query string.
struct field {
  std::string name;
  schema shape;
  std::string description;  ///< A sentence.
  bool is_required = true;
};

/// Returns a field that may be absent.
field optional_field(std::string name, schema shape, std::string description);

/// Returns the field of this name, or null.
const field* find_field(std::span<const field> fields, std::string_view name);

}  // namespace kvc
