#include "net/ucx/peer_address.hpp"

#include "net/transport/checksum.hpp"

#include <cstring>

namespace kvc::ucx {

namespace {

constexpr std::uint64_t magic = 0x3178'6375'2d63'766b;  // "kvc-ucx1"
constexpr std::size_t max_worker_bytes = 1'024;
constexpr std::size_t max_remote_key_bytes = 256;

struct header {
  std::uint64_t magic = ucx::magic;
  std::uint64_t wire = 0;
  std::uint64_t digest = 0;  ///< Checksum of everything, with 0 here.
  std::uint64_t incarnation = 0;
  std::uint64_t base = 0;
  std::uint64_t bytes = 0;
  std::uint16_t port = 0;
  std::uint16_t worker_bytes = 0;
  std::uint16_t remote_key_bytes = 0;
  std::uint16_t zero = 0;
};

void set_digest(std::string& packed, std::uint64_t digest) {
  std::memcpy(packed.data() + offsetof(header, digest), &digest, sizeof digest);
}

std::uint64_t digest_of(std::string packed) {
  set_digest(packed, 0);
  return checksum_of(std::as_bytes(std::span{packed}));
}

bool is_plausible(const header& x) {
  return x.magic == magic && x.zero == 0 && x.bytes > 0 && x.bytes <= ~x.base &&
         x.worker_bytes > 0 && x.worker_bytes <= max_worker_bytes &&
         x.remote_key_bytes <= max_remote_key_bytes;
}

}  // namespace

std::string pack(const peer_address& address, std::uint64_t wire) {
  const header head{
    .wire = wire,
    .incarnation = address.incarnation,
    .base = address.base,
    .bytes = address.bytes,
    .port = address.port,
    .worker_bytes = static_cast<std::uint16_t>(address.worker.size()),
    .remote_key_bytes = static_cast<std::uint16_t>(address.remote_key.size())};
  std::string result(sizeof head, '\0');
  std::memcpy(result.data(), &head, sizeof head);
  result += address.worker;
  result += address.remote_key;
  set_digest(result, digest_of(result));
  return result;
}

std::optional<peer_address> unpack(std::string_view packed,
                                   std::uint64_t wire) {
  header head;
  if (packed.size() < sizeof head)
    return std::nullopt;
  std::memcpy(&head, packed.data(), sizeof head);
  if (!is_plausible(head) || head.wire != wire ||
      packed.size() !=
        sizeof head + head.worker_bytes + head.remote_key_bytes ||
      head.digest != digest_of(std::string{packed}))
    return std::nullopt;
  const auto body = packed.substr(sizeof head);
  return peer_address{
    .incarnation = head.incarnation,
    .base = head.base,
    .bytes = head.bytes,
    .port = head.port,
    .worker = std::string{body.substr(0, head.worker_bytes)},
    .remote_key = std::string{body.substr(head.worker_bytes)}};
}

}  // namespace kvc::ucx
