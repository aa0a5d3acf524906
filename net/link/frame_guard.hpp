#pragma once

#include "net/link/byte_walker.hpp"
#include "net/link/handshake.hpp"

#include <caf/node_id.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kvc {

/// Which end of a connection is ours.
enum class link_side { server, client };

/// What to do with a frame.
enum class frame_verdict {
  pass,    ///< CAF may have it.
  drop,    ///< Honest peers may send it, but CAF must not have it.
  refuse,  ///< The link must end.
};

/// Judges what a peer sends in CAF's protocol (BASP) before CAF sees it. CAF
/// believes all lengths and types, acts on every control message, and carries
/// messages on for third processes. Here only what actors of remote_interfaces
/// say to each other passes, between the two processes of the link, and what
/// CAF needs for monitors.
class frame_guard {
 public:
  static constexpr std::size_t header_bytes = 32;
  static constexpr std::uint32_t max_payload = 16U << 20U;
  static constexpr std::uint32_t max_handshake = 64U << 10U;

  /// `self` is our own node; `peer` is who the other end is, as our own
  /// handshake has proved.
  frame_guard(link_side side, const caf::node_id& self, const process_id& peer);

  /// Judges the next header. If it passes, payload_length() bytes follow.
  frame_verdict check_header(byte_span bytes);

  /// Returns what the last header announced.
  std::uint32_t payload_length() const { return header_.payload_length; }

  /// Judges the payload of the last header.
  frame_verdict check_payload(byte_span payload);

  /// Returns whether the peer has finished CAF's handshake.
  bool is_established() const { return peer_node_.has_value(); }

  /// Returns why the last frame was refused.
  std::string_view reason() const { return reason_; }

 private:
  struct header {
    std::uint8_t operation = 0;
    std::uint8_t flags = 0;
    std::uint32_t payload_length = 0;
    std::uint64_t operation_data = 0;
    std::uint64_t source_actor = 0;
    std::uint64_t destination_actor = 0;
  };

  bool is_valid_header() const;
  bool accept_client(byte_span payload);
  bool accept_server(byte_span payload);
  bool accept_node(byte_span node);
  bool is_from_peer(byte_walker& walker) const;
  frame_verdict check_message(byte_span payload);
  frame_verdict refuse(std::string_view reason);

  link_side side_;
  node_bytes own_node_;
  process_id peer_;
  std::optional<node_bytes> peer_node_;  ///< Once it has told us.
  header header_;
  std::string_view reason_;
};

}  // namespace kvc
