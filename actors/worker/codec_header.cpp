#include "actors/worker/codec_header.hpp"

#include "messages/errors.hpp"

#include <array>
#include <cstring>

namespace kvc {

namespace {

struct named_width {
  std::string_view name;
  std::size_t width;
};

constexpr std::array<named_width, 11> widths{{{"bfloat16", 2},
                                              {"float16", 2},
                                              {"half", 2},
                                              {"int16", 2},
                                              {"uint16", 2},
                                              {"float32", 4},
                                              {"float", 4},
                                              {"int32", 4},
                                              {"uint32", 4},
                                              {"float64", 8},
                                              {"int64", 8}}};

std::string_view plain_name(std::string_view dtype) {
  constexpr std::string_view prefix = "torch.";
  return dtype.starts_with(prefix) ? dtype.substr(prefix.size()) : dtype;
}

static_assert(sizeof(codec_header) == codec_header::size);

}  // namespace

number_type number_type_of(const std::string& dtype) {
  const auto name = plain_name(dtype);
  if (name == "bfloat16")
    return number_type::bfloat16;
  if (name == "float16" || name == "half")
    return number_type::float16;
  if (name == "float32" || name == "float")
    return number_type::float32;
  return number_type::unknown;
}

std::size_t width_of(const std::string& dtype) {
  for (const auto& each : widths)
    if (each.name == plain_name(dtype))
      return each.width;
  return 1;
}

// The struct has no gaps, and the platform is little-endian, as for all that we
// send and keep.

void codec_header::write(std::span<std::byte> to) const {
  std::memcpy(to.data(), this, size);
}

caf::expected<codec_header> codec_header::read(std::span<const std::byte> from,
                                               codec form,
                                               std::size_t raw_bytes) {
  codec_header result;
  if (from.size() < size)
    return caf::make_error(errc::invalid_request, "encoded chunk too short");
  std::memcpy(&result, from.data(), size);
  const auto is_width = result.width == 1 || result.width == 2 ||
                        result.width == 4 || result.width == 8;
  if (result.version != current_version || result.form != form ||
      result.raw_bytes != raw_bytes || !is_width ||
      result.numbers > number_type::float32)
    return caf::make_error(errc::invalid_request, "encoded chunk damaged");
  return result;
}

}  // namespace kvc
