#include "apps/node/hashing_options.hpp"

#include "actors/hashing/none_hash.hpp"
#include "messages/errors.hpp"

namespace kvc {

caf::expected<hash_settings> make_hash_settings(const std::string& algorithm,
                                                std::uint32_t chunk_size,
                                                const std::string& none_hash) {
  hash_settings settings;
  settings.chunk_size = chunk_size;
  if (algorithm == to_string(hash_algorithm::sha256_cbor))
    settings.algorithm = hash_algorithm::sha256_cbor;
  else if (algorithm != to_string(hash_algorithm::builtin))
    return caf::make_error(errc::invalid_request,
                           "pre_caching_hash_algorithm: " + algorithm);
  auto parsed = parse_none_hash(none_hash, settings.algorithm);
  if (!parsed)
    return caf::make_error(errc::invalid_request,
                           "none_hash: " + describe(parsed.error()));
  settings.none_hash = *parsed;
  return settings;
}

}  // namespace kvc
