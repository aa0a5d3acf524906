#pragma once

#include "net/link/byte_walker.hpp"
#include "tests/support/basp_frames.hpp"
#include "tests/support/raw_peer.hpp"

#include <caf/node_id.hpp>
#include <caf/type_id.hpp>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

namespace kvc::test {

/// Makes sessions of a recorded one: those of other processes, with a few of
/// its messages in any order, of which one is damaged.
class link_corruption {
 public:
  /// `recorded` begins with a client's handshake.
  link_corruption(std::vector<bytes> recorded, std::uint32_t seed)
      : recorded_(std::move(recorded)),
        node_(recorded_.front().begin() + 32, recorded_.front().end()),
        random_(seed) {}

  /// Plays one session to the port of a process that knows `secret`. Returns
  /// whether the process has ended the link within the peer's patience.
  bool play(std::uint16_t port, std::string_view secret) {
    const raw_peer peer{port};
    const auto process = begin_process();
    if (!peer.authenticate(secret, process_of(process)))
      return false;
    auto session = as_process(recorded_.front());
    const auto count = 1 + below(5);
    const auto damaged = below(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto frame = as_process(any_frame());
      if (i == damaged)
        damage(frame);
      session.insert(session.end(), frame.begin(), frame.end());
    }
    if (below(50) == 0)
      flip_bits(session);
    peer.send(session);  // Fails if the link has ended before all is sent.
    peer.finish();
    return peer.sees_close();
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }

  /// Takes on the identity of a new process.
  caf::node_id begin_process() {
    caf::node_id::default_data::host_id_type host;
    for (auto& byte : host)
      byte = static_cast<std::uint8_t>(random_());
    host[0] |= 1U;
    const auto pid = static_cast<std::uint32_t>(random_()) | 1U;
    fresh_node_ = node_;
    for (std::size_t i = 0; i < 4; ++i)
      fresh_node_[8 + i] = static_cast<std::uint8_t>(pid >> (24 - 8 * i));
    std::copy(host.begin(), host.end(), fresh_node_.begin() + 12);
    return caf::make_node_id(pid, host);
  }

  bytes as_process(bytes frame) const {
    auto at = frame.begin();
    while ((at = std::search(at, frame.end(), node_.begin(), node_.end())) !=
           frame.end())
      at = std::copy(fresh_node_.begin(), fresh_node_.end(), at);
    return frame;
  }

  const bytes& any_frame() { return recorded_[below(recorded_.size())]; }

  void damage(bytes& frame) {
    switch (below(9)) {
      case 0:
        return flip_bits(frame);
      case 1:
        return frame.resize(1 + below(frame.size()));
      case 2:
        return announce(frame, any_length(frame.size() - 32));
      case 3:
        return forge_length(frame);
      case 4:
        return swap_type(frame);
      case 5:
        return splice(frame);
      case 6:
        return edit_header(frame);
      case 7:
        return insert_junk(frame);
      default:
        return address(frame);
    }
  }

  void flip_bits(bytes& frame) {
    for (auto flips = 1 + below(8); flips > 0; --flips)
      frame[below(frame.size())] ^= static_cast<std::uint8_t>(1U << below(8));
  }

  static void announce(bytes& frame, std::uint32_t length) {
    for (std::size_t i = 0; i < 4 && frame.size() >= 32; ++i)
      frame[4 + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  }

  static void announce_all(bytes& frame) {
    announce(frame, static_cast<std::uint32_t>(frame.size() - 32));
  }

  std::uint32_t any_length(std::size_t right) {
    const auto length = static_cast<std::uint32_t>(right);
    const std::array<std::uint32_t, 7> choices{
      0, 1, length - 1, length + 1, 16U << 20U, 0xFFFFFFF0U, 0x80000000U};
    return choices[below(choices.size())];
  }

  /// Writes a length of 4 GiB anywhere, in one of CAF's two ways.
  void forge_length(bytes& frame) {
    const bytes varying{0xF0, 0xFF, 0xFF, 0xFF, 0x0F};
    const bytes fixed{0xFF, 0xFF, 0xFF, 0xF0};
    const auto& length = below(2) == 0 ? varying : fixed;
    if (frame.size() < 32 + length.size())
      return;
    std::copy(length.begin(), length.end(),
              frame.begin() + offset_in(frame, length.size()));
  }

  std::ptrdiff_t offset_in(const bytes& frame, std::size_t room) {
    return static_cast<std::ptrdiff_t>(32 +
                                       below(frame.size() - 32 - room + 1));
  }

  /// Gives a message another type, with the same elements.
  void swap_type(bytes& frame) {
    const std::string_view mark = "@<>";
    const auto at =
      std::search(frame.begin(), frame.end(), mark.begin(), mark.end());
    if (at == frame.end() || *(at - 1) >= 128)
      return flip_bits(frame);
    const auto type = "@<>+" + any_type();
    const auto end = at + *(at - 1);
    bytes changed(frame.begin(), at);
    changed.back() = static_cast<std::uint8_t>(type.size());
    changed.insert(changed.end(), type.begin(), type.end());
    changed.insert(changed.end(), end, frame.end());
    frame = std::move(changed);
    announce_all(frame);
  }

  std::string any_type() {
    static const auto names = all_types();
    return names[below(names.size())];
  }

  template <long... Numbers>
  static std::vector<std::string> own_types(
    caf::detail::int_list<Numbers...> /*all*/) {
    return {caf::type_name_by_id<Numbers>::value...};
  }

  static std::vector<std::string> all_types() {
    using block = caf::id_block::kvc;
    auto result =
      own_types(caf::detail::il_range<block::begin, block::end>::type{});
    for (const auto* name :
         {"@error", "@exit", "@down", "@timeout", "@message", "@charbuf",
          "@str", "@u16str", "@strvec", "@actor", "@atom", "@atom+@atom+@str",
          "@atom+@strong_actor_ptr", "@group_down", "@open_stream_msg",
          "@upstream_msg", "@downstream_msg", "@config_value", "@unit"})
      result.emplace_back(name);
    return result;
  }

  /// Goes on with another frame in the middle.
  void splice(bytes& frame) {
    const auto other = as_process(any_frame());
    frame.resize(1 + below(frame.size()));
    frame.insert(
      frame.end(),
      other.begin() + static_cast<std::ptrdiff_t>(below(other.size())),
      other.end());
    if (frame.size() > 32 && below(2) == 0)
      announce_all(frame);
  }

  void edit_header(bytes& frame) {
    switch (below(4)) {
      case 0:
        frame[0] = static_cast<std::uint8_t>(below(8));
        return;
      case 1:
        frame[3] = static_cast<std::uint8_t>(below(4));
        return;
      default:  // Priority, kind and number of a message.
        frame[8 + below(8)] = static_cast<std::uint8_t>(random_());
        if (below(2) == 0)
          frame[8] = static_cast<std::uint8_t>(below(16) << 4U);
    }
  }

  void insert_junk(bytes& frame) {
    bytes junk(1 + below(64));
    for (auto& byte : junk)
      byte = static_cast<std::uint8_t>(random_());
    frame.insert(frame.begin() + offset_in(frame, 0), junk.begin(), junk.end());
    announce_all(frame);
  }

  /// Sends a message to another actor.
  void address(bytes& frame) {
    const auto& other = any_frame();
    if (below(2) == 0) {
      std::copy(other.begin() + 24, other.begin() + 32, frame.begin() + 24);
      return;
    }
    std::fill(frame.begin() + 24, frame.begin() + 32, 0);
    frame[31] = static_cast<std::uint8_t>(1 + below(64));
  }

  std::vector<bytes> recorded_;
  bytes node_;
  bytes fresh_node_;
  std::mt19937 random_;
};

/// Returns how many sessions to play: few, or as many as the environment says.
inline std::size_t corruptions(std::size_t few) {
  const auto* const chosen = std::getenv("KVC_CORRUPTIONS");
  return chosen != nullptr ? std::strtoul(chosen, nullptr, 10) : few;
}

}  // namespace kvc::test
