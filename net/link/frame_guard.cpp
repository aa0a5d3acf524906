#include "net/link/frame_guard.hpp"

#include "net/link/remote_messages.hpp"

#include <caf/atom.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/io/basp/header.hpp>
#include <caf/message_id.hpp>

#include <algorithm>
#include <vector>

namespace kvc {

namespace {

using caf::io::basp::message_type;

/// How many elements may explain an error.
constexpr int max_context = 8;

/// How many names a server may send in its handshake.
constexpr std::size_t max_names = 256;

constexpr std::string_view no_elements = "@<>";

node_bytes encode(const caf::node_id& node) {
  std::vector<char> buffer;
  caf::binary_serializer sink{nullptr, buffer};
  node_bytes result{};
  if (!sink(node) && buffer.size() == result.size())
    std::copy(buffer.begin(), buffer.end(), result.begin());
  return result;
}

std::uint64_t number_at(byte_span bytes, std::size_t offset,
                        std::size_t count) {
  std::uint64_t result = 0;
  for (const auto byte : bytes.subspan(offset, count))
    result = result << 8U | byte;
  return result;
}

/// Reads what CAF puts before the elements of a message: the names of their
/// types. Returns "@<>" for none, else "@<>+first+second".
std::optional<std::string_view> read_type(byte_walker& walker) {
  std::uint16_t number = 0;
  if (!walker(number) || number != 0)
    return std::nullopt;
  return walker.read_text();
}

/// Returns the names behind `no_elements`, without the first '+'.
std::optional<std::string_view> element_names(std::string_view type) {
  if (!type.starts_with(no_elements))
    return std::nullopt;
  type.remove_prefix(no_elements.size());
  if (!type.starts_with('+') || type.size() == 1)
    return std::nullopt;
  return type.substr(1);
}

/// Returns the size of CAF's own simple types, which explain errors; 0 for
/// other types.
std::size_t size_of(std::string_view name) {
  if (name == "@i8" || name == "@u8" || name == "bool")
    return 1;
  if (name == "@i16" || name == "@u16")
    return 2;
  if (name == "@i32" || name == "@u32")
    return 4;
  if (name == "@i64" || name == "@u64" || name == "@atom")
    return 8;
  return 0;
}

/// An error within the context of an error would nest without end.
bool walk_context_element(byte_walker& walker, std::string_view name) {
  if (name == "@str")
    return walker.read_text().has_value();
  if (const auto size = size_of(name); size != 0)
    return walker.skip_raw(size);
  const auto* known = find_remote_message(name);
  return known != nullptr && known->walk(walker);
}

bool walk_error(byte_walker& walker) {
  std::uint8_t code = 0;
  std::uint64_t category = 0;
  if (!walker(code, category))
    return false;
  const auto type = read_type(walker);
  if (!type || *type == no_elements)
    return type.has_value();
  auto names = element_names(*type);
  for (int i = 0; names && i < max_context; ++i) {
    const auto end = names->find('+');
    if (!walk_context_element(walker, names->substr(0, end)))
      return false;
    if (end == std::string_view::npos)
      return true;
    names->remove_prefix(end + 1);
  }
  return false;
}

/// Returns whether CAF may use `id`. It takes messages of the categories for
/// streams for what they should be, whatever they are.
bool is_valid(caf::message_id id) {
  return !id.is_stream_message() && !id.is_answered();
}

}  // namespace

frame_guard::frame_guard(link_side side, const caf::node_id& self,
                         const process_id& peer)
    : side_(side), own_node_(encode(self)), peer_(peer) {}

frame_verdict frame_guard::check_header(byte_span bytes) {
  if (bytes.size() != header_bytes)
    return refuse("half a header");
  header_ = {bytes[0],
             bytes[3],
             static_cast<std::uint32_t>(number_at(bytes, 4, 4)),
             number_at(bytes, 8, 8),
             number_at(bytes, 16, 8),
             number_at(bytes, 24, 8)};
  return is_valid_header() ? frame_verdict::pass : refuse("a malformed header");
}

bool frame_guard::is_valid_header() const {
  const auto& [operation, flags, length, data, source, destination] = header_;
  const auto type = static_cast<message_type>(operation);
  const auto is_open = is_established() && length <= max_payload;
  switch (type) {
    case message_type::server_handshake:
      return side_ == link_side::client && !is_established() && length > 0 &&
             length <= max_handshake && data != 0;
    case message_type::client_handshake:  // Clients repeat it.
      return side_ == link_side::server && length == sizeof(node_bytes) &&
             source == 0 && destination == 0;
    case message_type::direct_message:
      return is_open && length > 0 && destination != 0 &&
             is_valid(caf::message_id{data});
    case message_type::monitor_message:
      return is_open && length == 2 * sizeof(node_bytes) && data == 0;
    case message_type::down_message:
      return is_open && length > 0 && source != 0 && destination == 0 &&
             data == 0;
    case message_type::heartbeat:
      return is_open && length == 0 && source == 0 && destination == 0 &&
             data == 0 && flags == 0;
    case message_type::routed_message:  // Of third processes, or for them.
      return false;
  }
  return false;
}

frame_verdict frame_guard::check_payload(byte_span payload) {
  if (payload.size() != header_.payload_length)
    return refuse("half a payload");
  byte_walker walker{payload, peer_node_ ? *peer_node_ : own_node_};
  const auto pass_if = [this](bool is_right, std::string_view what) {
    return is_right ? frame_verdict::pass : refuse(what);
  };
  switch (static_cast<message_type>(header_.operation)) {
    case message_type::server_handshake:
      return pass_if(accept_server(payload), "a malformed handshake");
    case message_type::client_handshake:
      return pass_if(accept_client(payload), "a malformed handshake");
    case message_type::monitor_message:
      return pass_if(is_from_peer(walker), "a monitor for a third process");
    case message_type::down_message:
      return pass_if(
        is_from_peer(walker) && walk_error(walker) && walker.is_at_end(),
        "a malformed end of an actor");
    case message_type::direct_message:
      return check_message(payload);
    case message_type::routed_message:
    case message_type::heartbeat:
      break;
  }
  return refuse("a payload without need");
}

bool frame_guard::accept_client(byte_span payload) {
  if (peer_node_)
    return std::equal(payload.begin(), payload.end(), peer_node_->begin());
  return accept_node(payload);
}

bool frame_guard::accept_server(byte_span payload) {
  if (payload.size() < sizeof(node_bytes))
    return false;
  const auto node = payload.first(sizeof(node_bytes));
  byte_walker walker{payload.subspan(node.size()), own_node_};
  const auto walk_names = [&walker] {
    const auto count = walker.read_length(max_names);
    for (std::size_t i = 0; count && i < *count; ++i)
      if (!walker.read_text())
        return false;
    return count.has_value();
  };
  std::uint64_t offered = 0;
  return walk_names() && walker(offered) && walk_names() &&
         walker.is_at_end() && accept_node(node);
}

/// Notes the peer's node if it belongs to the process that our own handshake
/// has proved: CAF would give it the messages for any node that it names.
bool frame_guard::accept_node(byte_span node) {
  caf::binary_deserializer source{
    nullptr, reinterpret_cast<const char*>(node.data()), node.size()};
  caf::node_id id;
  // The length in a node id of another kind would not be checked.
  if (!std::equal(node.begin(), node.begin() + 8, own_node_.begin()) ||
      source(id) || process_of(id) != peer_)
    return false;
  peer_node_.emplace();
  std::copy(node.begin(), node.end(), peer_node_->begin());
  return true;
}

bool frame_guard::is_from_peer(byte_walker& walker) const {
  return walker.read_node(*peer_node_) && walker.read_node(own_node_);
}

frame_verdict frame_guard::check_message(byte_span payload) {
  if ((header_.flags & caf::io::basp::header::named_receiver_flag) != 0) {
    // On every new link CAF asks the peer's CAF for a way to spawn actors.
    const auto receiver = static_cast<std::uint64_t>(caf::atom("SpawnServ"));
    return header_.destination_actor == receiver
             ? frame_verdict::drop
             : refuse("a message to an actor by its name");
  }
  byte_walker walker{payload, *peer_node_};
  const auto stages = walker.read_length(0);  // We compose no actors.
  const auto type = stages ? read_type(walker) : std::nullopt;
  if (!type)
    return refuse("a malformed message");
  const caf::message_id id{header_.operation_data};
  const auto is_error = *type == "@<>+@error";
  if (is_error || *type == no_elements) {
    // Also what CAF makes of a message that an actor does not expect, or no
    // longer. But an error that answers nothing ends who gets it.
    if (!id.is_response())
      return id.is_request() ? refuse("an error as a request")
                             : frame_verdict::drop;
    return (is_error ? walk_error(walker) : true) && walker.is_at_end()
             ? frame_verdict::pass
             : refuse("a malformed error");
  }
  const auto name = element_names(*type);
  const auto* known = name ? find_remote_message(*name) : nullptr;
  // A message that was not a request is answered by another one.
  if (known == nullptr || (id.is_request() && !known->is_request) ||
      (id.is_response() && !known->is_answer))
    return refuse("a message of a type that crosses no link");
  return known->walk(walker) && walker.is_at_end()
           ? frame_verdict::pass
           : refuse("a malformed message");
}

frame_verdict frame_guard::refuse(std::string_view reason) {
  reason_ = reason;
  return frame_verdict::refuse;
}

}  // namespace kvc
