#include "actors/store/recoding.hpp"

#include "messages/errors.hpp"

namespace kvc {

encoded_chunk encode_chunk(codec_id target, std::span<const std::byte> raw,
                           const chunk_format& format) {
  auto encoded = encode(target, raw, format);
  if (!encoded)
    return {encoded.error() == errc::invalid_request ? chunk_outcome::unsuitable
                                                     : chunk_outcome::failed,
            {}};
  if (!*encoded)
    return {chunk_outcome::incompressible, {}};
  return {chunk_outcome::done, std::move(**encoded)};
}

}  // namespace kvc
