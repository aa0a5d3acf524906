#include "net/link/byte_walker.hpp"

#include <caf/atom.hpp>

#include <algorithm>

namespace kvc {

std::optional<std::size_t> byte_walker::read_length(std::size_t max) {
  std::uint64_t result = 0;
  // Seven bits a byte, the lowest first. CAF would take any number of bytes.
  for (unsigned shift = 0; shift < 35; shift += 7) {
    std::uint8_t byte = 0;
    if (!read_number(byte))
      return std::nullopt;
    result |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0)
      return result <= max && result <= rest_.size()
               ? std::optional{static_cast<std::size_t>(result)}
               : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string_view> byte_walker::read_text() {
  const auto length = read_length(max_text);
  if (!length)
    return std::nullopt;
  const auto text = rest_.first(*length);
  skip_raw(*length);
  return std::string_view{reinterpret_cast<const char*>(text.data()),
                          text.size()};
}

bool byte_walker::read_node(const node_bytes& expected) {
  return rest_.size() >= expected.size() &&
         std::equal(expected.begin(), expected.end(), rest_.begin()) &&
         skip_raw(expected.size());
}

bool byte_walker::read_actor() {
  std::uint64_t id = 0;
  if (!read_number(id))
    return false;
  if (id != 0)
    return read_node(owner_);
  std::uint64_t node_kind = 0;  // Nobody, of nowhere.
  return read_number(node_kind) &&
         node_kind == static_cast<std::uint64_t>(caf::atom(""));
}

}  // namespace kvc
