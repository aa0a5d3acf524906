#pragma once

#include "messages/fwd.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvc {

/// What a control event does. The numbers travel between processes. A new one
/// needs its row in operations.cpp, which the compiler asks for.
enum class operation : std::uint8_t {
  health = 0,
  clear,
  pin,
  unpin,
  compress,
  decompress,
  move,
};

inline constexpr std::size_t operation_count = 7;

/// All operations, by number.
inline constexpr auto operations = [] {
  std::array<operation, operation_count> result{};
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<operation>(i);
  return result;
}();

/// What users can have chunks compressed with.
inline constexpr std::array<std::string_view, 3> compression_methods{
  "zstd", "lz4", "int8"};

/// What an operation is about. Its requests and answers say accordingly more.
enum class subject : std::uint8_t {
  ranks,      ///< The ranks of an instance themselves.
  chunks,     ///< Chunks in one location of an instance.
  positions,  ///< Chunks that go from one location or instance to another.
};

/// The setting that gives an operation its time if the request gives none.
enum class timeout_setting : std::uint8_t {
  health,
  clear,
  pin,
  compress,
  move
};

/// Whether requests have a field.
enum class presence : std::uint8_t { never, optional, required };

/// All that is particular to one operation, but for how it is done.
struct operation_traits {
  /// Names its route and kvc's command, and itself in JSON and metrics:
  /// "clear".
  std::string_view name{};

  std::string_view event_prefix{};  ///< Begins event ids, as LMCache's do.
  std::string_view summary{};       ///< For users; one sentence.
  std::string_view details{};       ///< What else to tell them; may be empty.

  subject about = subject::chunks;
  timeout_setting timeout = timeout_setting::clear;
  presence tokens = presence::optional;  ///< Without: all chunks of a location.
  presence method = presence::never;     ///< One of compression_methods.
  bool takes_ttl = false;                ///< An optional time to live.

  /// Workers answer only after the index knows what they dropped.
  bool may_drop_chunks = false;

  /// Tells users of chunks with the outcome `unchanged`: "not pinned". Empty
  /// if there are none.
  std::string_view unchanged{};
};

/// Returns the traits, which live for ever. Those of a newer peer's operation
/// have no name.
const operation_traits& traits_of(operation verb);

/// Whether there is such an operation. A newer peer may know more.
bool is_known(operation verb);

/// Returns the name of the operation.
std::string to_string(operation verb);

/// Returns the operation of this name, if there is one.
std::optional<operation> operation_named(std::string_view name);

}  // namespace kvc
