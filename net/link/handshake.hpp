#pragma once

#include <caf/fwd.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace kvc {

// What two processes say to each other on a fresh connection before CAF does:
//
//   client: magic 4 | version 4 | process 16 | nonce 32
//   server: magic 4 | version 4 | process 16 | nonce 32 | address 16 | proof 32
//   client: proof 32
//   server: verdict 1
//
// Numbers are big endian. The address is the one at which others reach the
// client, as the server sees it. A proof is the HMAC-SHA256, keyed with the
// secret, over the role of who proves it, the client's first message, and the
// server's process, nonce and address. A server of another version sends zeros
// behind its version, and closes. A client that learns that it wants no link
// with this process sends a proof in the role of one who leaves, and closes. A
// client that has another secret than the server sends zeros for a proof, so
// that the server's operator learns why, and closes.

using byte_span = std::span<const std::uint8_t>;
using process_id = std::array<std::uint8_t, 16>;
using address_bytes = std::array<std::uint8_t, 16>;  ///< IPv6, or IPv4 in it.
using client_hello = std::array<std::uint8_t, 56>;
using server_hello = std::array<std::uint8_t, 104>;
using link_proof = std::array<std::uint8_t, 32>;

/// The first bytes of both hellos, which every version understands.
inline constexpr std::size_t preamble_bytes = 8;

/// The server's last word. The numbers travel between processes.
enum class verdict : std::uint8_t {
  accepted = 1,
  unauthorized = 2,
  duplicate = 3,  ///< The server's own dial to the client has precedence.
};

/// Returns the id of the process `node`: the same for all its connections.
process_id make_process_id(std::string_view node);

/// Returns the id of the process that CAF knows as `node`.
process_id process_of(const caf::node_id& node);

/// Returns the client's first message, with a fresh nonce.
client_hello make_client_hello(const process_id& process);

/// Returns the answer of the server `process`, which sees the client at
/// `address`, with a fresh nonce and proof.
server_hello make_server_hello(const client_hello& hello,
                               const process_id& process,
                               std::string_view secret,
                               const address_bytes& address = {});

/// Returns the answer to a client of another version.
server_hello make_version_refusal();

/// Returns whether `received`, of any length, may be the beginning of a hello.
bool starts_like_hello(byte_span received);

/// Returns the version in a preamble.
std::uint32_t version_in(byte_span preamble);

/// Returns the process that sent `hello`.
process_id process_in(const client_hello& hello);

/// Returns the process that sent `answer`.
process_id process_in(const server_hello& answer);

/// Returns where the server sees the client; zeros if it does not know.
address_bytes address_in(const server_hello& answer);

/// Returns whether the server that answered `hello` knows `secret`.
bool is_server_proven(const client_hello& hello, const server_hello& answer,
                      std::string_view secret);

/// Returns the client's proof.
link_proof make_client_proof(const client_hello& hello,
                             const server_hello& answer,
                             std::string_view secret);

/// Returns whether `proof` is the client's. Takes as long if it is not.
bool is_client_proven(const client_hello& hello, const server_hello& answer,
                      const link_proof& proof, std::string_view secret);

/// Returns what a client that leaves sends in place of its proof.
link_proof make_farewell(const client_hello& hello, const server_hello& answer,
                         std::string_view secret);

/// Returns whether `proof` is the client's farewell.
bool is_farewell(const client_hello& hello, const server_hello& answer,
                 const link_proof& proof, std::string_view secret);

}  // namespace kvc
