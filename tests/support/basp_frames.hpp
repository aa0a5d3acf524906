#pragma once

#include <caf/actor_system.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/io/basp/header.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <cstdint>
#include <vector>

namespace kvc::test {

using bytes = std::vector<std::uint8_t>;

inline constexpr caf::message_id as_message{};
inline constexpr caf::message_id as_request{0x1000000000000007};
inline constexpr caf::message_id as_answer{0x9000000000000007};

/// Writes frames as CAF does that runs `sender`.
class frame_writer {
 public:
  using message_type = caf::io::basp::message_type;

  explicit frame_writer(caf::actor_system& sender) : sender_(sender) {}

  /// Returns what CAF writes for `xs`, one after the other.
  template <class... Ts>
  bytes write(const Ts&... xs) const {
    std::vector<char> buffer;
    caf::binary_serializer sink{sender_, buffer};
    (void)sink(xs...);
    return {buffer.begin(), buffer.end()};
  }

  /// Returns the payload of a message to an actor.
  bytes message_payload(const caf::message& content) const {
    return write(std::vector<caf::strong_actor_ptr>{}, content);
  }

  /// Returns a header and its payload.
  bytes frame(caf::io::basp::header header, const bytes& payload) const {
    header.payload_len = static_cast<std::uint32_t>(payload.size());
    auto result = write(header);
    result.insert(result.end(), payload.begin(), payload.end());
    return result;
  }

  /// Returns a message from the actor number 5 to `destination`.
  bytes message(caf::message_id id, const caf::message& content,
                caf::actor_id destination = 7) const {
    return frame(
      {message_type::direct_message, 0, 0, id.integer_value(), 5, destination},
      message_payload(content));
  }

  bytes client_handshake(const caf::node_id& node) const {
    return frame({message_type::client_handshake, 0, 0, 0, 0, 0}, write(node));
  }

 private:
  caf::actor_system& sender_;
};

}  // namespace kvc::test
