#pragma once

#include "messages/key_block.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/meta/annotation.hpp>

#include <array>
#include <chrono>
#include <string>
#include <type_traits>
#include <vector>

namespace kvc::test {

/// An inspector that gives every field a value: sequences have two elements.
class filler {
 public:
  using result_type = bool;
  static constexpr bool reads_state = false;
  static constexpr bool writes_state = true;

  /// Handles become handles of `actor`.
  explicit filler(caf::strong_actor_ptr actor) : actor_(std::move(actor)) {}

  template <class... Ts>
  bool operator()(Ts&&... xs) {
    (fill(xs), ...);
    return true;
  }

 private:
  template <class T>
  void fill(T& x) {
    using type = std::remove_const_t<T>;
    if constexpr (caf::meta::is_annotation<type>::value)
      return;
    else if constexpr (std::is_arithmetic_v<type> || std::is_enum_v<type>)
      x = static_cast<type>(1);
    else
      fill_other(x);
  }

  void fill_other(std::string& x) { x = "text"; }
  void fill_other(key_block& x) { x.keys = {1, 2}; }
  void fill_other(caf::strong_actor_ptr& x) { x = actor_; }

  template <class Rep, class Period>
  void fill_other(std::chrono::duration<Rep, Period>& x) {
    x = std::chrono::duration<Rep, Period>{1};
  }

  template <class T>
  void fill_other(std::vector<T>& xs) {
    xs.resize(2);
    for (auto& x : xs)
      fill(x);
  }

  template <class T, std::size_t Size>
  void fill_other(std::array<T, Size>& xs) {
    for (auto& x : xs)
      fill(x);
  }

  template <class T>
  void fill_other(T& x) {
    inspect(*this, x);
  }

  caf::strong_actor_ptr actor_;
};

}  // namespace kvc::test
