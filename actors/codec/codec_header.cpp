#include "actors/codec/codec_header.hpp"

#include "messages/errors.hpp"

#include <array>
#include <cstring>

namespace kvc {

namespace {

struct named_width {
  std::string_view name;
  std::size_t width;
};

constexpr std::array<named_width, 13> widths{{{"bfloat16", 2},
                                              {"float16", 2},
                                              {"int16", 2},
                                              {"uint16", 2},
                                              {"float32", 4},
                                              {"int32", 4},
                                              {"uint32", 4},
                                              {"float64", 8},
                                              {"int64", 8},
                                              {"int8", 1},
                                              {"uint8", 1},
                                              {"float8_e4m3fn", 1},
                                              {"float8_e5m2", 1}}};

static_assert(sizeof(codec_header) == codec_header::size);

}  // namespace

std::string_view plain_dtype(std::string_view dtype) {
  constexpr std::string_view prefix = "torch.";
  const auto name =
    dtype.starts_with(prefix) ? dtype.substr(prefix.size()) : dtype;
  if (name == "half")
    return "float16";
  return name == "float" ? "float32" : name;
}

number_type number_type_of(const std::string& dtype) {
  const auto name = plain_dtype(dtype);
  if (name == "bfloat16")
    return number_type::bfloat16;
  if (name == "float16")
    return number_type::float16;
  if (name == "float32")
    return number_type::float32;
  return number_type::unknown;
}

std::size_t width_of(const std::string& dtype) {
  return known_width_of(dtype).value_or(1);
}

std::optional<std::size_t> known_width_of(const std::string& dtype) {
  for (const auto& each : widths)
    if (each.name == plain_dtype(dtype))
      return each.width;
  return std::nullopt;
}

// The struct has no gaps, and the platform is little-endian, as for all that we
// send and keep.

void codec_header::write(std::span<std::byte> to) const {
  std::memcpy(to.data(), this, size);
}

caf::expected<codec_header> codec_header::read(std::span<const std::byte> from,
                                               codec_id codec,
                                               std::size_t raw_bytes) {
  codec_header result;
  if (from.size() < size)
    return caf::make_error(errc::invalid_request, "encoded chunk too short");
  std::memcpy(&result, from.data(), size);
  const auto is_width = result.width == 1 || result.width == 2 ||
                        result.width == 4 || result.width == 8;
  if (result.version != current_version || result.codec != codec ||
      result.raw_bytes != raw_bytes || !is_width ||
      result.numbers > number_type::float32)
    return caf::make_error(errc::invalid_request, "encoded chunk damaged");
  return result;
}

}  // namespace kvc
