#pragma once

#include "messages/key_block.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/meta/annotation.hpp>
#include <caf/meta/load_callback.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kvc {

/// A node id as CAF writes it: an atom, a process id and 20 bytes.
using node_bytes = std::array<std::uint8_t, 32>;

/// Walks over what CAF's binary_serializer wrote, by the inspect functions that
/// CAF uses, and checks all lengths before anybody makes room. It keeps nothing
/// but numbers. An inspector: false ends the walk.
class byte_walker {
 public:
  using result_type = bool;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;

  static constexpr std::size_t max_text = 64U << 10U;      ///< In bytes.
  static constexpr std::size_t max_elements = 64U << 10U;  ///< Of a sequence.

  /// Actors in `bytes` must be actors of `owner`.
  byte_walker(std::span<const std::uint8_t> bytes, const node_bytes& owner)
      : rest_(bytes), owner_(owner) {}

  bool is_at_end() const { return rest_.empty(); }

  /// Reads a text, which stays valid as long as the bytes; nothing if it is
  /// longer than `max_text` or than what is left.
  std::optional<std::string_view> read_text();

  /// Reads the length of a text or a sequence whose elements have a byte at
  /// least; nothing if it exceeds `max` or what is left.
  std::optional<std::size_t> read_length(std::size_t max);

  /// Reads a node id; false if it is not `expected`.
  bool read_node(const node_bytes& expected);

  /// Skips `count` bytes; false if there are fewer.
  bool skip_raw(std::size_t count) {
    if (count > rest_.size())
      return false;
    rest_ = rest_.subspan(count);
    return true;
  }

  template <class... Ts>
  bool operator()(Ts&&... xs) {
    return (visit(xs) && ...);
  }

 private:
  template <class T>
  struct element_of {};
  template <class T>
  struct element_of<std::vector<T>> {
    using type = T;
  };

  template <class T>
  struct is_duration : std::false_type {};
  template <class Rep, class Period>
  struct is_duration<std::chrono::duration<Rep, Period>> : std::true_type {};

  template <class T>
  bool visit(T& x) {
    using type = std::remove_const_t<T>;
    if constexpr (caf::meta::is_annotation<type>::value) {
      static_assert(!caf::meta::is_load_callback<type>::value,
                    "what it reads or refuses would be overlooked");
      return true;
    } else if constexpr (std::is_same_v<type, bool>) {
      return skip_raw(1);
    } else if constexpr (std::is_integral_v<type>) {
      return read_number(x);
    } else if constexpr (std::is_enum_v<type> ||
                         std::is_floating_point_v<type>) {
      return skip_raw(sizeof(type));
    } else if constexpr (is_duration<type>::value) {
      return skip_raw(sizeof(std::int64_t));
    } else if constexpr (std::is_same_v<type, std::string>) {
      return read_text().has_value();
    } else if constexpr (std::is_same_v<type, key_block>) {
      return skip_keys();
    } else if constexpr (std::is_same_v<type, caf::strong_actor_ptr>) {
      return read_actor();
    } else if constexpr (requires { typename element_of<type>::type; }) {
      return walk_sequence<typename element_of<type>::type>();
    } else if constexpr (requires { std::tuple_size<type>::value; }) {
      return walk_array(x);
    } else {
      return inspect(*this, x);
    }
  }

  template <class Number>
  bool read_number(Number& x) {
    if (rest_.size() < sizeof(Number))
      return false;
    std::uint64_t value = 0;
    for (const auto byte : rest_.first(sizeof(Number)))
      value = value << 8U | byte;
    x = static_cast<Number>(value);
    return skip_raw(sizeof(Number));
  }

  template <class Element>
  bool walk_sequence() {
    const auto count = read_length(max_elements);
    if (!count)
      return false;
    Element element{};
    for (std::size_t i = 0; i < *count; ++i)
      if (!visit(element))
        return false;
    return true;
  }

  template <class Array>
  bool walk_array(Array& xs) {
    for (auto& x : xs)
      if (!visit(x))
        return false;
    return true;
  }

  bool read_actor();

  /// As key_block's own inspect: it writes its keys in one piece.
  bool skip_keys() {
    std::uint32_t count = 0;
    return read_number(count) && count <= key_block::max_keys &&
           skip_raw(count * sizeof(std::uint64_t));
  }

  std::span<const std::uint8_t> rest_;
  const node_bytes& owner_;
};

}  // namespace kvc
