#include "apps/bench/codecs.hpp"

#include "actors/codec/number_types.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;
using buffer = std::vector<std::byte>;

struct method {
  const char* name;
  codec_id codec;
  bool knows_dtype;  ///< Without it, bytes are not shuffled.
};

constexpr auto methods = std::to_array<method>({
  {"zstd", codec_id::zstd, true},
  {"zstd, no shuffle", codec_id::zstd, false},
  {"lz4", codec_id::lz4, true},
  {"lz4, no shuffle", codec_id::lz4, false},
  {"int8", codec_id::int8, true},
});

struct sample {
  std::size_t encoded_bytes = 0;  ///< 0 if the chunk stays raw.
  double encode_seconds = 0;
  double decode_seconds = 0;
};

double seconds_since(clock::time_point begin) {
  return std::chrono::duration<double>{clock::now() - begin}.count();
}

double copy_once(const buffer& from, buffer& to) {
  const auto begin = clock::now();
  std::memcpy(to.data(), from.data(), from.size());
  return seconds_since(begin);
}

caf::expected<sample> run_once(const method& m, const kv_chunk& chunk,
                               buffer& restored) {
  const auto format = m.knows_dtype ? chunk.format : chunk_format{};
  sample result;
  auto begin = clock::now();
  const auto encoded = encode(m.codec, chunk.bytes, format);
  result.encode_seconds = seconds_since(begin);
  if (!encoded)
    return encoded.error();
  if (!*encoded)
    return result;
  result.encoded_bytes = (*encoded)->size();
  std::fill(restored.begin(), restored.end(), std::byte{0xFF});
  begin = clock::now();
  if (auto failed = decode(m.codec, **encoded, restored))
    return failed;
  result.decode_seconds = seconds_since(begin);
  return result;
}

/// What int8 may lose of a channel's largest magnitude besides half a step.
template <class Number>
constexpr float epsilon = 0;
template <>
constexpr float epsilon<full_float> = 0x1p-22F;
template <>
constexpr float epsilon<brain_float> = 0x1p-8F;
template <>
constexpr float epsilon<half_float> = 0x1p-11F;

/// The bound of docs/compression.md, per channel of `chunk`.
template <class Number>
std::vector<float> int8_bounds(const kv_chunk& chunk) {
  const auto& shape = chunk.format.shape;
  const std::size_t channels = shape[3];
  std::vector<float> result(std::size_t{shape[0]} * shape[1] * channels);
  const auto* at = chunk.bytes.data();
  for (std::size_t i = 0; i < result.size(); i += channels)
    for (std::size_t t = 0; t < shape[2]; ++t)
      for (std::size_t c = i; c < i + channels; ++c, at += Number::width)
        result[c] = std::max(result[c], std::fabs(Number::read(at)));
  for (auto& x : result)
    x = x / 254 + x * epsilon<Number>;
  return result;
}

template <class Number>
bool is_within_bounds(const kv_chunk& chunk, const buffer& restored) {
  const auto& shape = chunk.format.shape;
  const std::size_t channels = shape[3];
  const auto bounds = int8_bounds<Number>(chunk);
  std::size_t at = 0;
  for (std::size_t i = 0; i < bounds.size(); i += channels)
    for (std::size_t t = 0; t < shape[2]; ++t)
      for (std::size_t c = i; c < i + channels; ++c, at += Number::width) {
        const double before = Number::read(chunk.bytes.data() + at);
        const double after = Number::read(restored.data() + at);
        if (!(std::fabs(after - before) <= bounds[c]))
          return false;
      }
  return true;
}

bool is_restored(codec_id codec, const kv_chunk& chunk,
                 const buffer& restored) {
  if (codec != codec_id::int8)
    return restored == chunk.bytes;
  const auto type = number_type_of(chunk.format.dtype);
  return with_number(type, [&]<class Number>(Number) {
    return is_within_bounds<Number>(chunk, restored);
  });
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// What several runs of one method came to.
struct series {
  std::size_t encoded_bytes = 0;
  std::vector<double> encode_seconds;
  std::vector<double> decode_seconds;

  void add(const sample& x) {
    encoded_bytes = x.encoded_bytes;
    encode_seconds.push_back(x.encode_seconds);
    decode_seconds.push_back(x.decode_seconds);
  }

  codec_figures summary(const char* name, std::size_t raw_bytes) const {
    const auto raw = static_cast<double>(raw_bytes);
    codec_figures result{name, 1, raw / median(encode_seconds) / 1e9, 0};
    if (encoded_bytes == 0)
      return result;
    result.ratio = raw / static_cast<double>(encoded_bytes);
    result.decode_gb = raw / median(decode_seconds) / 1e9;
    return result;
  }
};

}  // namespace

caf::expected<std::vector<codec_figures>> measure_codecs(
  const kv_chunk& chunk, std::size_t repetitions) {
  buffer restored(chunk.bytes.size());
  std::array<series, methods.size()> all;
  std::vector<double> copies;
  for (std::size_t i = 0; i <= repetitions; ++i) {
    const auto is_warm = i > 0;
    const auto copy = copy_once(chunk.bytes, restored);
    if (is_warm)
      copies.push_back(copy);
    for (std::size_t k = 0; k < methods.size(); ++k) {
      const auto& m = methods[k];
      const auto run = run_once(m, chunk, restored);
      if (!run)
        return run.error();
      if (run->encoded_bytes > 0 && !is_restored(m.codec, chunk, restored))
        return caf::make_error(errc::invalid_request,
                               std::string{m.name} + " restores other numbers");
      if (is_warm)
        all[k].add(*run);
    }
  }
  const auto copy_gb =
    static_cast<double>(chunk.bytes.size()) / median(copies) / 1e9;
  std::vector<codec_figures> result{{"memcpy", 1, copy_gb, copy_gb}};
  for (std::size_t k = 0; k < methods.size(); ++k)
    result.push_back(all[k].summary(methods[k].name, chunk.bytes.size()));
  return result;
}

}  // namespace kvc
