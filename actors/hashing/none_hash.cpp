#include "actors/hashing/none_hash.hpp"

#include "actors/hashing/builtin_hash.hpp"
#include "actors/hashing/sha256_cbor.hpp"
#include "messages/errors.hpp"

#include <charconv>
#include <optional>
#include <string>

namespace kvc {

namespace {

/// Reads all of `text` as a number, or nothing.
template <class Integer>
std::optional<Integer> parse_all(std::string_view text, int base = 10) {
  Integer value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc{} || rest != end)
    return std::nullopt;
  return value;
}

caf::error refuse(std::string_view text, std::string_view why) {
  return caf::make_error(
    errc::invalid_request,
    "none_hash \"" + std::string{text} + "\" " + std::string{why});
}

std::uint64_t seed_hash(std::string_view digits, std::uint32_t seed,
                        hash_algorithm algorithm) {
  if (algorithm == hash_algorithm::builtin)
    return static_cast<std::uint64_t>(builtin_text_hash(digits, seed));
  return sha256_cbor{}.text_hash(digits);
}

}  // namespace

caf::expected<std::uint64_t> parse_none_hash(std::string_view text,
                                             hash_algorithm algorithm) {
  constexpr std::string_view seed_prefix = "seed:";
  if (text.starts_with(seed_prefix)) {
    const auto digits = text.substr(seed_prefix.size());
    if (const auto seed = parse_all<std::uint32_t>(digits))
      return seed_hash(digits, *seed, algorithm);
    return refuse(text, "has a seed that is not in 0..4294967295");
  }
  if (text.starts_with('-')) {
    const auto value = parse_all<std::int64_t>(text);
    if (!value)
      return refuse(text, "is not an integer of 64 bits or seed:N");
    if (algorithm != hash_algorithm::builtin)
      return refuse(text, "is negative, which only builtin hashes can be");
    return static_cast<std::uint64_t>(*value);
  }
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const auto value = is_hex ? parse_all<std::uint64_t>(text.substr(2), 16)
                            : parse_all<std::uint64_t>(text);
  if (!value)
    return refuse(text, "is not an integer of 64 bits or seed:N");
  return *value;
}

std::string render_none_hash(std::uint64_t none_hash,
                             hash_algorithm algorithm) {
  return algorithm == hash_algorithm::builtin
           ? std::to_string(static_cast<std::int64_t>(none_hash))
           : std::to_string(none_hash);
}

}  // namespace kvc
