#include "net/link/handshake.hpp"

#include "messages/registry.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <unistd.h>
#include <caf/node_id.hpp>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace kvc {

namespace {

constexpr std::array<std::uint8_t, 4> magic{'k', 'v', 'c', 0xCA};
constexpr std::size_t nonce_bytes = 32;
constexpr std::size_t process_offset = preamble_bytes;
constexpr std::size_t nonce_offset = process_offset + 16;
constexpr std::size_t address_offset = nonce_offset + nonce_bytes;
constexpr std::size_t server_proof_offset =
  address_offset + std::tuple_size_v<address_bytes>;

void write_preamble(std::span<std::uint8_t> hello) {
  std::copy(magic.begin(), magic.end(), hello.begin());
  for (std::size_t i = 0; i < 4; ++i)
    hello[magic.size() + i] =
      static_cast<std::uint8_t>(protocol_version >> (24 - 8 * i));
}

/// Writes what both hellos start with, and a fresh nonce.
void begin_hello(std::span<std::uint8_t> hello, const process_id& process) {
  write_preamble(hello);
  std::copy(process.begin(), process.end(), hello.begin() + process_offset);
  if (::getentropy(hello.data() + nonce_offset, nonce_bytes) != 0)
    std::abort();  // No Linux that runs us fails here; without nonce no proof.
}

process_id read_process(byte_span hello) {
  process_id result{};
  std::copy_n(hello.begin() + process_offset, result.size(), result.begin());
  return result;
}

link_proof prove(std::string_view role, const client_hello& hello,
                 const server_hello& answer, std::string_view secret) {
  std::vector<std::uint8_t> text(role.begin(), role.end());
  text.insert(text.end(), hello.begin(), hello.end());
  text.insert(text.end(), answer.begin() + process_offset,
              answer.begin() + server_proof_offset);
  link_proof result{};
  unsigned size = 0;
  if (::HMAC(EVP_sha256(), secret.data() == nullptr ? "" : secret.data(),
             static_cast<int>(secret.size()), text.data(), text.size(),
             result.data(), &size) == nullptr)
    std::abort();  // Out of memory. A proof of zeros must never be compared.
  return result;
}

bool is_equal(byte_span left, const link_proof& right) {
  return ::CRYPTO_memcmp(left.data(), right.data(), right.size()) == 0;
}

}  // namespace

process_id make_process_id(std::string_view node) {
  link_proof digest{};
  unsigned size = 0;
  if (::EVP_Digest(node.data(), node.size(), digest.data(), &size, EVP_sha256(),
                   nullptr) != 1)
    std::abort();
  process_id result{};
  std::copy_n(digest.begin(), result.size(), result.begin());
  return result;
}

process_id process_of(const caf::node_id& node) {
  return make_process_id(to_string(node));
}

client_hello make_client_hello(const process_id& process) {
  client_hello result{};
  begin_hello(result, process);
  return result;
}

server_hello make_server_hello(const client_hello& hello,
                               const process_id& process,
                               std::string_view secret,
                               const address_bytes& address) {
  server_hello result{};
  begin_hello(result, process);
  std::copy(address.begin(), address.end(), result.begin() + address_offset);
  const auto proof = prove("server", hello, result, secret);
  std::copy(proof.begin(), proof.end(), result.begin() + server_proof_offset);
  return result;
}

server_hello make_version_refusal() {
  server_hello result{};
  write_preamble(result);
  return result;
}

bool starts_like_hello(byte_span received) {
  const auto count = std::min(received.size(), magic.size());
  return std::equal(magic.begin(), magic.begin() + count, received.begin());
}

std::uint32_t version_in(byte_span preamble) {
  std::uint32_t result = 0;
  for (std::size_t i = magic.size(); i < preamble_bytes; ++i)
    result = result << 8U | preamble[i];
  return result;
}

process_id process_in(const client_hello& hello) { return read_process(hello); }

process_id process_in(const server_hello& answer) {
  return read_process(answer);
}

address_bytes address_in(const server_hello& answer) {
  address_bytes result{};
  std::copy_n(answer.begin() + address_offset, result.size(), result.begin());
  return result;
}

bool is_server_proven(const client_hello& hello, const server_hello& answer,
                      std::string_view secret) {
  return is_equal(byte_span{answer}.subspan(server_proof_offset),
                  prove("server", hello, answer, secret));
}

link_proof make_client_proof(const client_hello& hello,
                             const server_hello& answer,
                             std::string_view secret) {
  return prove("client", hello, answer, secret);
}

bool is_client_proven(const client_hello& hello, const server_hello& answer,
                      const link_proof& proof, std::string_view secret) {
  return is_equal(proof, prove("client", hello, answer, secret));
}

link_proof make_farewell(const client_hello& hello, const server_hello& answer,
                         std::string_view secret) {
  return prove("leaver", hello, answer, secret);
}

bool is_farewell(const client_hello& hello, const server_hello& answer,
                 const link_proof& proof, std::string_view secret) {
  return is_equal(proof, prove("leaver", hello, answer, secret));
}

}  // namespace kvc
