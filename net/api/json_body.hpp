#pragma once

#include "net/api/json_walker.hpp"
#include "net/api/value_reading.hpp"
#include "net/http/exchange.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// Reads the fields of a request's JSON body as FastAPI would: as lenient, and
/// with the same complaints. Unknown fields are ignored; the last one counts if
/// a field is repeated, and an optional field may be null.
///
/// After a complaint a field reads as empty: read all fields, then ask
/// `refusal`. Lists of tokens are valid until the thread reads the next one.
class json_body {
 public:
  /// `text` must outlive it.
  explicit json_body(std::string_view text);

  /// Reads the body of a request, of which only the fields that its route names
  /// may be asked for.
  explicit json_body(const http_request& request);

  /// A required string.
  std::string string(const std::string& name);

  /// An optional string.
  std::optional<std::string> optional_string(const std::string& name);

  /// A required list of two strings.
  std::array<std::string, 2> string_pair(const std::string& name);

  /// The required list of token ids, "tokens".
  token_view tokens();

  /// The list "tokens", if it is optional.
  std::optional<token_view> optional_tokens();

  /// The optional list "hashes": integers of 64 bits, signed or not, or strings
  /// of their digits. To be called once.
  std::optional<std::vector<std::uint64_t>> optional_hashes();

  /// An optional list of integers from 0 to 2^32-1.
  std::optional<std::vector<std::uint32_t>> optional_integers(
    const std::string& name);

  /// An optional truth value.
  bool bool_or(const std::string& name, bool fallback);

  /// An optional number of seconds, above 0 and up to `max`, rounded up to
  /// milliseconds.
  std::optional<std::chrono::milliseconds> optional_seconds(
    const std::string& name, std::chrono::milliseconds max);

  /// An optional string that must be one of `choices`.
  std::optional<std::string> optional_choice(
    const std::string& name, std::span<const std::string_view> choices);

  /// Adds a complaint about fields that do not fit each other, at one of them.
  void complain(const std::string& name, std::string_view message);

  /// Returns the answer to a bad request: 400 if the body is not JSON, 413 if
  /// it has too many elements, 422 if fields are missing or wrong. Or
  /// again_elsewhere, if the request may not take as long as a parser would.
  /// Nothing if all is well.
  std::optional<http_response> refusal() const;

 private:
  /// Reads what has been walked over.
  void read();

  /// Sets the fields, or the complaint that they are none.
  void parse();
  void refuse_text(unsigned status, nlohmann::json location,
                   std::string_view message, std::string_view type);

  /// Returns the whole body for a complaint, if it is short enough.
  nlohmann::json whole() const;
  void complain(const std::string& name, std::string_view message,
                std::string_view type, const nlohmann::json& value);

  /// Returns null, after a complaint, if the field is missing.
  const nlohmann::json* require(const std::string& name);
  const nlohmann::json* find(const std::string& name);

  /// As find, for an optional field.
  const nlohmann::json* find_value(const std::string& name);

  /// Returns a field that was read without a parser; null if there is none.
  const std::string_view* find_text(std::string_view name) const;
  std::string read_string(const std::string& name, const nlohmann::json& value);

  /// Reads the elements of a list.
  template <class Element>
  std::vector<Element> read_list(
    const std::string& name, const nlohmann::json& list,
    value_reading<Element> (*read)(const nlohmann::json&));

  std::string_view text_;
  walked_json walked_;
  nlohmann::json fields_;  // What a parser had to read.
  const route* entry_ = nullptr;
  unsigned status_ = 200;
  nlohmann::json complaints_;
};

/// Returns one complaint in FastAPI's shape: where it is, what is wrong,
/// pydantic's name for that, and the value that is wrong, if there is one and
/// if it is short.
nlohmann::json complaint(
  nlohmann::json location, std::string_view message, std::string_view type,
  const nlohmann::json& input = nlohmann::json::value_t::discarded);

/// Answers 422 with this list of complaints.
http_response unprocessable(const nlohmann::json& complaints);

}  // namespace kvc
