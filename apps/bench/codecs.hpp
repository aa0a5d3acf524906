#pragma once

#include "apps/bench/kv_data.hpp"

#include <caf/expected.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace kvc {

/// What a method makes of a chunk, on one core. Rates are of raw bytes.
struct codec_figures {
  std::string method;
  double ratio = 1;      ///< Raw to encoded size; 1 if the chunk stays raw.
  double encode_gb = 0;  ///< GB per second; also if it stays raw.
  double decode_gb = 0;  ///< GB per second; 0 if there is nothing to decode.
};

/// Encodes and decodes the chunk with each method `repetitions` times, after
/// once to warm up, and checks what comes back. The first figures are those of
/// memcpy, which took turns with the others. All are medians. Fails with
/// invalid_request if a number comes back wrong.
caf::expected<std::vector<codec_figures>> measure_codecs(
  const kv_chunk& chunk, std::size_t repetitions);

}  // namespace kvc
