#pragma once

#include "actors/codec/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kvc {

/// The numbers of `dtype`, which may be written as torch does:
/// "torch.bfloat16".
enum class number_type : std::uint8_t { unknown, bfloat16, float16, float32 };

number_type number_type_of(const std::string& dtype);

/// Returns the bytes of one number; 1 if the type is unknown.
std::size_t width_of(const std::string& dtype);

/// Returns the bytes of one number; nothing if the type is unknown.
std::optional<std::size_t> known_width_of(const std::string& dtype);

/// Returns the name that all writings of a dtype share: "float16" for
/// "torch.half".
std::string_view plain_dtype(std::string_view dtype);

/// What every encoded chunk begins with, little-endian.
struct codec_header {
  static constexpr std::uint8_t current_version = 1;
  static constexpr std::size_t size = 24;

  std::uint8_t version = current_version;
  codec form = codec::none;
  std::uint8_t width = 1;  ///< Of the numbers whose bytes are shuffled.
  number_type numbers = number_type::unknown;  ///< Of int8.
  std::uint32_t channels = 0;                  ///< Of int8.
  std::uint64_t raw_bytes = 0;
  std::uint64_t outer = 0;  ///< Of int8: tensors of tokens x channels.

  void write(std::span<std::byte> to) const;

  /// Fails with invalid_request unless it is one of `form` for `raw_bytes`.
  static caf::expected<codec_header> read(std::span<const std::byte> from,
                                          codec form, std::size_t raw_bytes);
};

}  // namespace kvc
