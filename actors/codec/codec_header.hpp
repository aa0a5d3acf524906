#pragma once

#include "actors/codec/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kvc {

/// The types of numbers that int8 takes.
enum class number_type : std::uint8_t { unknown, bfloat16, float16, float32 };

/// Returns the type that `dtype` names, as numpy ("float16") or torch
/// ("torch.half") writes it.
number_type number_type_of(const std::string& dtype);

/// Returns the bytes of one number of `dtype`; 1 if it is unknown.
std::size_t width_of(const std::string& dtype);

/// Returns the bytes of one number of `dtype`; nothing if it is unknown.
std::optional<std::size_t> known_width_of(const std::string& dtype);

/// Returns numpy's name of a dtype: "float16" for "torch.half".
std::string_view plain_dtype(std::string_view dtype);

/// The first bytes of every encoded chunk, little-endian.
struct codec_header {
  static constexpr std::uint8_t current_version = 1;
  static constexpr std::size_t size = 24;

  std::uint8_t version = current_version;
  codec_id codec = codec_id::none;
  std::uint8_t width = 1;  ///< Bytes of a number, for zstd and lz4.
  number_type numbers = number_type::unknown;  ///< For int8.
  std::uint32_t channels = 0;                  ///< For int8.
  std::uint64_t raw_bytes = 0;
  std::uint64_t outer = 0;  ///< For int8: tensors of tokens x channels.

  void write(std::span<std::byte> to) const;

  /// Reads the header of an encoded chunk. Fails with invalid_request unless it
  /// names this codec and size.
  static caf::expected<codec_header> read(std::span<const std::byte> from,
                                          codec_id codec,
                                          std::size_t raw_bytes);
};

}  // namespace kvc
