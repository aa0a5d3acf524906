#include "actors/codec/number_types.hpp"
#include "apps/bench/kv_data.hpp"
#include "apps/bench/parts.hpp"
#include "apps/bench/statistics.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;
using buffer = std::vector<std::byte>;

/// What a method makes of a chunk, on one core. Rates are of raw bytes.
struct codec_figures {
  std::string method;
  double ratio = 1;      ///< Raw to encoded size; 1 if the chunk stays raw.
  double encode_gb = 0;  ///< GB per second; also if it stays raw.
  double decode_gb = 0;  ///< GB per second; 0 if there is nothing to decode.
};

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

/// Encodes and decodes the chunk with each method `repetitions` times, after
/// once to warm up, and checks what comes back. The first figures are those of
/// memcpy, which took turns with the others. All are medians. Fails with
/// invalid_request if a number comes back wrong.
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

/// Writes "4.48 (0.19)": GB/s, and how many times memcpy's.
std::string rate(double gb, double copy_gb) {
  return gb > 0 ? fmt::format("{:.2f} ({:.2f})", gb, gb / copy_gb) : "-";
}

}  // namespace

caf::expected<void> codecs_part(const bench_options& options) {
  print(
    "\nCodecs, a made-up chunk, GB of raw bytes per second and core (times "
    "memcpy's):");
  print(fmt::format("  {:<8}  {:<16}  {:>8}  {:>13}  {:>13}", "dtype", "method",
                    "ratio", "encode", "decode"));
  for (const auto* dtype : {"bfloat16", "float16", "float32"}) {
    const auto figures =
      measure_codecs(make_kv_chunk(dtype), options.repetitions);
    if (!figures)
      return figures.error();
    const auto copy_gb = figures->front().encode_gb;
    for (const auto& x : *figures) {
      options.figures->add({{"part", "codecs"},
                            {"dtype", dtype},
                            {"method", x.method},
                            {"ratio", x.ratio},
                            {"encode_gb", x.encode_gb},
                            {"decode_gb", x.decode_gb},
                            {"memcpy_gb", copy_gb}});
      print(fmt::format(
        "  {:<8}  {:<16}  {:>8}  {:>13}  {:>13}", dtype, x.method,
        x.decode_gb > 0 ? fmt::format("{:.2f}", x.ratio) : "not less",
        rate(x.encode_gb, copy_gb), rate(x.decode_gb, copy_gb)));
    }
  }
  return caf::unit;
}

}  // namespace kvc
