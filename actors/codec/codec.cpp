#include "actors/codec/codec.hpp"

#include "actors/codec/byte_shuffle.hpp"
#include "actors/codec/int8_codec.hpp"
#include "messages/control.hpp"
#include "messages/errors.hpp"

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

namespace kvc {

namespace {

using buffer = std::vector<std::byte>;

/// The fastest level that codes entropy: the shuffled exponents have little,
/// and more effort finds next to nothing in mantissas.
constexpr int zstd_level = 1;

/// The smallest table of what came before: all that repeats in numbers is rows
/// of the same one, and other matches cost more than the entropy they replace.
constexpr int zstd_hash_log = 6;

constexpr auto methods =
  std::to_array({codec_id::zstd, codec_id::lz4, codec_id::int8});
static_assert(methods.size() == compression_methods.size());

ZSTD_CCtx* make_writer() {
  auto* result = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(result, ZSTD_c_compressionLevel, zstd_level);
  ZSTD_CCtx_setParameter(result, ZSTD_c_hashLog, zstd_hash_log);
  return result;
}

/// Memory that is used again: new pages cost more than coding what is in them.
class scratch {
 public:
  /// Returns `size` bytes of any value.
  std::span<std::byte> take(std::size_t size) {
    if (bytes_.size() < size)
      bytes_ = buffer(size);
    return std::span{bytes_}.first(size);
  }

 private:
  buffer bytes_;
};

/// What is made once per thread.
struct workspace {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> writer{make_writer(),
                                                              ZSTD_freeCCtx};
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> reader{ZSTD_createDCtx(),
                                                              ZSTD_freeDCtx};
  scratch shuffled;
  scratch encoded;
};

workspace& own_workspace() {
  thread_local workspace result;
  return result;
}

/// Returns the bytes written to `to`; 0 if they would not fit.
std::size_t write_zstd(std::span<const std::byte> from,
                       std::span<std::byte> to) {
  const auto size = ZSTD_compress2(own_workspace().writer.get(), to.data(),
                                   to.size(), from.data(), from.size());
  return ZSTD_isError(size) != 0 ? 0 : size;
}

std::size_t write_lz4(std::span<const std::byte> from,
                      std::span<std::byte> to) {
  constexpr std::size_t max = LZ4_MAX_INPUT_SIZE;
  if (from.size() > max)
    return 0;
  const auto size = LZ4_compress_default(
    reinterpret_cast<const char*>(from.data()),
    reinterpret_cast<char*>(to.data()), static_cast<int>(from.size()),
    static_cast<int>(std::min(to.size(), max)));
  return static_cast<std::size_t>(size);
}

/// Returns whether all of `to` was restored.
bool read_zstd(std::span<const std::byte> from, std::span<std::byte> to) {
  return ZSTD_decompressDCtx(own_workspace().reader.get(), to.data(), to.size(),
                             from.data(), from.size()) == to.size();
}

bool read_lz4(std::span<const std::byte> from, std::span<std::byte> to) {
  constexpr std::size_t max = LZ4_MAX_INPUT_SIZE;
  if (from.size() > std::numeric_limits<int>::max() || to.size() > max)
    return false;
  const auto size = LZ4_decompress_safe(
    reinterpret_cast<const char*>(from.data()),
    reinterpret_cast<char*>(to.data()), static_cast<int>(from.size()),
    static_cast<int>(to.size()));
  return size == static_cast<int>(to.size());
}

std::optional<buffer> write_lossless(codec_id target,
                                     std::span<const std::byte> raw,
                                     const chunk_format& format) {
  if (raw.size() <= codec_header::size)
    return std::nullopt;
  codec_header header{.codec = target};
  header.width = static_cast<std::uint8_t>(width_of(format.dtype));
  header.raw_bytes = raw.size();
  auto from = raw;
  if (header.width > 1) {
    const auto shuffled = own_workspace().shuffled.take(raw.size());
    shuffle_bytes(raw, shuffled, header.width);
    from = shuffled;
  }
  // What does not fit is not smaller.
  const auto result = own_workspace().encoded.take(raw.size() - 1);
  const auto room = result.subspan(codec_header::size);
  const auto size =
    target == codec_id::zstd ? write_zstd(from, room) : write_lz4(from, room);
  if (size == 0)
    return std::nullopt;
  header.write(result);
  const auto all = result.first(codec_header::size + size);
  return buffer{all.begin(), all.end()};
}

caf::error read_lossless(const codec_header& header,
                         std::span<const std::byte> encoded,
                         std::span<std::byte> raw) {
  const auto from = encoded.subspan(codec_header::size);
  const auto is_shuffled = header.width > 1;
  const auto to = is_shuffled ? own_workspace().shuffled.take(raw.size()) : raw;
  const auto is_whole =
    header.codec == codec_id::zstd ? read_zstd(from, to) : read_lz4(from, to);
  if (!is_whole)
    return caf::make_error(errc::invalid_request, "encoded chunk damaged");
  if (is_shuffled)
    unshuffle_bytes(to, raw, header.width);
  return caf::none;
}

}  // namespace

std::string to_string(codec_id x) {
  for (std::size_t i = 0; i < methods.size(); ++i)
    if (methods[i] == x)
      return std::string{compression_methods[i]};
  return x == codec_id::none
           ? "none"
           : "codec_" + std::to_string(static_cast<unsigned>(x));
}

std::optional<codec_id> codec_named(std::string_view name) {
  for (const auto each : methods)
    if (name == to_string(each))
      return each;
  return std::nullopt;
}

caf::expected<std::optional<buffer>> encode(codec_id target,
                                            std::span<const std::byte> raw,
                                            const chunk_format& format) {
  if (target == codec_id::zstd || target == codec_id::lz4)
    return write_lossless(target, raw, format);
  if (target != codec_id::int8)
    return caf::make_error(errc::invalid_request, to_string(target));
  auto result = quantise(raw, format);
  if (!result)
    return std::move(result.error());
  if (result->size() >= raw.size())
    return std::optional<buffer>{};
  return std::optional<buffer>{std::move(*result)};
}

caf::error decode(codec_id source, std::span<const std::byte> encoded,
                  std::span<std::byte> raw) {
  const auto header = codec_header::read(encoded, source, raw.size());
  if (!header)
    return header.error();
  if (source == codec_id::zstd || source == codec_id::lz4)
    return read_lossless(*header, encoded, raw);
  if (source == codec_id::int8)
    return dequantise(*header, encoded, raw);
  return caf::make_error(errc::invalid_request, to_string(source));
}

}  // namespace kvc
