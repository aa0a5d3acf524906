#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace kvc {

/// Writes metrics in Prometheus' text format, version 0.0.4.
class metrics_text {
 public:
  using label_list =
    std::initializer_list<std::pair<std::string_view, std::string_view>>;

  static constexpr std::string_view content_type =
    "text/plain; version=0.0.4; charset=utf-8";

  /// Begins a family, to which the next samples belong. `type` is counter,
  /// gauge or histogram; `help` is one line.
  void family(std::string_view name, std::string_view type,
              std::string_view help);

  /// Adds a sample to the family. `suffix` is "" or a part of a histogram, as
  /// "_sum".
  void sample(std::string_view suffix, label_list labels, double value);
  void sample(std::string_view suffix, label_list labels,
              std::unsigned_integral auto value) {
    add(suffix, labels, std::to_string(value));
  }

  /// Adds a family with one sample without labels.
  void single(std::string_view name, std::string_view type,
              std::string_view help, auto value) {
    family(name, type, help);
    sample("", {}, value);
  }

  /// Hands over what was written.
  std::string take() { return std::move(text_); }

 private:
  void add(std::string_view suffix, label_list labels, std::string_view value);

  std::string family_;
  std::string text_;
};

}  // namespace kvc
