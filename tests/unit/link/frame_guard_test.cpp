#include "net/link/frame_guard.hpp"

#include "messages/dialer.hpp"
#include "messages/errors.hpp"
#include "messages/executor.hpp"
#include "messages/registry.hpp"
#include "net/link/remote_messages.hpp"
#include "tests/support/basp_frames.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/idle_worker.hpp"
#include "tests/unit/link/filler.hpp"

#include <doctest/doctest.h>
#include <caf/actor_config.hpp>
#include <caf/actor_proxy.hpp>
#include <caf/make_actor.hpp>
#include <caf/make_message.hpp>
#include <caf/system_messages.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <set>
#include <span>
#include <string>

using namespace kvc;
using namespace kvc::test;
using caf::io::basp::message_type;

namespace {

caf::node_id some_node(std::uint32_t number) {
  return caf::make_node_id(number, {1, 2, 3});
}

/// An actor of some node. (Those of a deterministic_system are of none.)
class fake_actor : public caf::actor_proxy {
 public:
  using actor_proxy::actor_proxy;
  using actor_proxy::enqueue;

  void enqueue(caf::mailbox_element_ptr /*what*/,
               caf::execution_unit* /*host*/) override {}
  void kill_proxy(caf::execution_unit* /*context*/,
                  caf::error /*reason*/) override {}
};

caf::strong_actor_ptr make_actor_of(const caf::node_id& node,
                                    caf::actor_system& system) {
  caf::actor_config config;
  return caf::make_actor<fake_actor, caf::strong_actor_ptr>(9, node, &system,
                                                            config);
}

/// A peer that writes frames, and the guard at our end of its link.
struct guarded_link {
  deterministic_system peer;
  worker_actor worker = peer.spawn(idle_worker);
  caf::actor_system& system = worker->home_system();
  frame_writer writer{system};
  caf::node_id self = some_node(1);
  caf::node_id other = some_node(2);
  caf::strong_actor_ptr actor = make_actor_of(other, system);
  frame_guard guard{link_side::server, self, process_of(other)};

  /// Judges a frame as the link does: first its header, then its payload.
  frame_verdict check(const bytes& frame) {
    const byte_span all{frame};
    const auto first = guard.check_header(all.first(frame_guard::header_bytes));
    return first == frame_verdict::pass && guard.payload_length() > 0
             ? guard.check_payload(all.subspan(frame_guard::header_bytes))
             : first;
  }

  frame_verdict check(caf::message_id id, const caf::message& content) {
    return check(writer.message(id, content));
  }

  /// Judges a message of which only the names of its types and the bytes of its
  /// elements are given.
  frame_verdict check_raw(caf::message_id id, const std::string& types,
                          const bytes& elements) {
    auto payload = writer.write(std::vector<caf::strong_actor_ptr>{},
                                std::uint16_t{0}, types);
    payload.insert(payload.end(), elements.begin(), elements.end());
    return check(writer.frame(
      {message_type::direct_message, 0, 0, id.integer_value(), 5, 7}, payload));
  }

  frame_verdict greet() { return check(writer.client_handshake(other)); }
};

/// The same, after CAF's handshake.
struct open_link : guarded_link {
  open_link() { REQUIRE(greet() == frame_verdict::pass); }

  template <class T>
  caf::message filled() {
    T x{};
    filler fill{actor};
    fill(x);
    return caf::make_message(x);
  }

  /// Calls `visit` with the name and a filled message of each type of ours.
  template <class Visit, long... Numbers>
  void for_each_type(Visit visit, caf::detail::int_list<Numbers...> /*all*/) {
    (visit(std::string{caf::type_name_by_id<Numbers>::value},
           filled<typename caf::type_by_id<Numbers>::type>()),
     ...);
  }

  template <class Visit>
  void for_each_type(Visit visit) {
    using block = caf::id_block::kvc;
    for_each_type(
      visit, typename caf::detail::il_range<block::begin, block::end>::type{});
  }

  std::set<std::string> types_that_pass_as(caf::message_id id) {
    std::set<std::string> result;
    for_each_type([&](const std::string& name, const caf::message& content) {
      if (check(id, content) == frame_verdict::pass)
        result.insert(name);
    });
    return result;
  }
};

constexpr auto pass = frame_verdict::pass;
constexpr auto drop = frame_verdict::drop;
constexpr auto refuse = frame_verdict::refuse;

/// An error whose context is an error, and so on.
caf::error nested_error(int depth) {
  return depth == 0 ? caf::error{errc::too_busy}
                    : caf::make_error(errc::too_busy, nested_error(depth - 1));
}

}  // namespace

TEST_SUITE("frame_guard") {
  // A new message that crosses links belongs into one of the next two lists,
  // and its interface into messages/remote_interfaces.hpp.
  TEST_CASE_FIXTURE(open_link, "lets requests to other processes pass") {
    CHECK(types_that_pass_as(as_request) ==
          std::set<std::string>{
            "kvc::ask_again", "kvc::cancel_command", "kvc::chunk_report",
            "kvc::command_progress", "kvc::deregister_worker",
            "kvc::end_chunk_lease", "kvc::find_prefixes", "kvc::introduce_peer",
            "kvc::lease_chunks", "kvc::locate_chunks", "kvc::permit_start",
            "kvc::register_worker", "kvc::renew_chunk_lease",
            "kvc::renew_lease", "kvc::run_command", "kvc::surrender_chunks"});
  }

  TEST_CASE_FIXTURE(open_link, "lets the answers to these pass") {
    CHECK(types_that_pass_as(as_answer) ==
          std::set<std::string>{
            "kvc::chunk_lease", "kvc::command_result", "kvc::introduce_peer",
            "kvc::lease", "kvc::lease_term", "kvc::report_ack",
            "kvc::start_permit", "kvc::surrender_report", "kvc::welcome",
            "std::vector<kvc::chunk_holder>",
            "std::vector<kvc::prefix_match>"});
    CHECK(check(as_answer, caf::make_message(true)) == pass);
    CHECK(check(as_answer, caf::message{}) == pass);
  }

  TEST_CASE_FIXTURE(open_link, "lets both pass as messages without an answer") {
    auto both = types_that_pass_as(as_request);
    both.merge(types_that_pass_as(as_answer));
    CHECK(types_that_pass_as(as_message) == both);
  }

  TEST_CASE_FIXTURE(open_link, "refuses messages that end early or late") {
    for_each_type([&](const std::string& name, const caf::message& content) {
      if (find_remote_message(name) == nullptr)
        return;
      CAPTURE(name);
      auto payload = writer.message_payload(content);
      const auto check_length = [&](std::size_t length) {
        payload.resize(length);
        return check(writer.frame({message_type::direct_message, 0, 0,
                                   as_message.integer_value(), 5, 7},
                                  payload));
      };
      const auto length = payload.size();
      CHECK(check_length(length) == pass);
      CHECK(check_length(length + 1) == refuse);
      for (auto shorter = length; shorter-- > 1;)
        REQUIRE(check_length(shorter) == refuse);
    });
  }

  TEST_CASE_FIXTURE(open_link, "refuses what the controller's parts say") {
    for (const auto id : {as_message, as_request, as_answer}) {
      CHECK(check(id, caf::make_message(close_epoch{1})) == refuse);
      CHECK(check(id, caf::make_message(open_epoch{1, 2})) == refuse);
      CHECK(check(id, caf::make_message(start_event{})) == refuse);
      CHECK(check(id, caf::make_message(list_workers{})) == refuse);
      CHECK(check(id, caf::make_message(dial{})) == refuse);
    }
    CHECK(guard.reason() == "a message of a type that crosses no link");
  }

  TEST_CASE_FIXTURE(open_link, "lets errors pass only as answers") {
    const caf::error plain = errc::too_busy;
    const auto detailed = caf::make_error(errc::too_busy, "why", 7);
    for (const auto& error : {plain, detailed, caf::error{}}) {
      CHECK(check(as_answer, caf::make_message(error)) == pass);
      CHECK(check(as_request, caf::make_message(error)) == refuse);
      // CAF answers so to a message that an actor does not expect.
      CHECK(check(as_message, caf::make_message(error)) == drop);
    }
    CHECK(check(as_message, caf::message{}) == drop);
  }

  TEST_CASE_FIXTURE(open_link, "refuses nested errors") {
    CHECK(check(as_answer, caf::make_message(nested_error(0))) == pass);
    CHECK(check(as_answer, caf::make_message(nested_error(1))) == refuse);
    bytes level(9, 1);  // A code and a category.
    for (const auto byte : std::string{"\0\0\x0A@<>+@error", 13})
      level.push_back(static_cast<std::uint8_t>(byte));
    bytes deep;
    for (int i = 0; i < 100'000; ++i)
      deep.insert(deep.end(), level.begin(), level.end());
    CHECK(check_raw(as_answer, "@<>+@error", deep) == refuse);
  }

  TEST_CASE_FIXTURE(open_link, "refuses the ends of actors as messages") {
    const auto killed = caf::error{caf::exit_reason::kill};
    for (const auto id : {as_message, as_request, as_answer}) {
      CHECK(check(id, caf::make_message(
                        caf::exit_msg{worker.address(), killed})) == refuse);
      CHECK(check(id, caf::make_message(
                        caf::down_msg{worker.address(), killed})) == refuse);
    }
  }

  TEST_CASE_FIXTURE(open_link, "refuses CAF's own messages") {
    const auto content =
      caf::make_message(caf::sys_atom_v, caf::get_atom_v, "info");
    for (const auto id : {as_message, as_request, as_answer}) {
      CHECK(check(id, content) == refuse);
      CHECK(check(id, caf::make_message(caf::link_atom_v, actor)) == refuse);
      CHECK(check(id, caf::make_message(caf::timeout_msg{})) == refuse);
      CHECK(check(id, caf::make_message("text")) == refuse);
      CHECK(check(id, caf::make_message(caf::make_message(1))) == refuse);
    }
  }

  TEST_CASE_FIXTURE(open_link, "drops CAF's question how to spawn actors") {
    const auto ask = [&](caf::atom_value whom) {
      return check(writer.frame(
        {message_type::direct_message, 1, 0, as_message.integer_value(), 5,
         static_cast<caf::actor_id>(whom)},
        writer.message_payload(
          caf::make_message(caf::sys_atom_v, caf::get_atom_v, "info"))));
    };
    CHECK(ask(caf::atom("SpawnServ")) == drop);
    CHECK(ask(caf::atom("ConfigServ")) == refuse);
  }

  TEST_CASE_FIXTURE(open_link, "refuses unknown types and forged lengths") {
    const bytes four_gib{0xF0, 0xFF, 0xFF, 0xFF, 0x0F};
    const bytes endless(64, 0x80);
    CHECK(check_raw(as_message, "@<>+kvc::no_such_type", {}) == refuse);
    CHECK(check_raw(as_message, "@<>+@charbuf", four_gib) == refuse);
    CHECK(check_raw(as_message, "@<>+kvc::cancel_command", four_gib) == refuse);
    CHECK(check_raw(as_message, "@<>+kvc::cancel_command", endless) == refuse);
    CHECK(check_raw(as_answer, "@<>+std::vector<kvc::prefix_match>",
                    four_gib) == refuse);
    for (const auto* types : {"", "@<>+", "@<", "kvc::lease", "@<>+kvc::lease+",
                              "@<>+kvc::lease+kvc::lease"})
      CHECK(check_raw(as_answer, types, bytes(64)) == refuse);
  }

  TEST_CASE_FIXTURE(open_link, "bounds texts and sequences") {
    const auto with_text = [&](std::size_t length) {
      return check(as_message,
                   caf::make_message(cancel_command{std::string(length, 'x')}));
    };
    CHECK(with_text(byte_walker::max_text) == pass);
    CHECK(with_text(byte_walker::max_text + 1) == refuse);
    const auto with_elements = [&](std::size_t count) {
      return check(as_answer,
                   caf::make_message(std::vector<prefix_match>(count)));
    };
    CHECK(with_elements(byte_walker::max_elements) == pass);
    CHECK(with_elements(byte_walker::max_elements + 1) == refuse);
    const auto with_keys = [&](std::uint32_t announced) {
      auto payload =
        writer.write(std::vector<caf::strong_actor_ptr>{}, std::uint16_t{0},
                     std::string{"@<>+kvc::find_prefixes"}, announced);
      payload.resize(payload.size() + std::size_t{announced} * 8 + 1);
      return check(writer.frame(
        {message_type::direct_message, 0, 0, as_request.integer_value(), 5, 7},
        payload));
    };
    CHECK(with_keys(key_block::max_keys) == pass);
    CHECK(with_keys(key_block::max_keys + 1) == refuse);
  }

  TEST_CASE_FIXTURE(open_link, "refuses messages that CAF takes for streams") {
    const auto content = caf::make_message(cancel_command{"event"});
    for (const auto flags :
         {0x2000000000000000U, 0x3000000000000000U, 0x4000000000000000U})
      CHECK(check(caf::message_id{flags}, content) == refuse);
    CHECK(check(caf::message_id{0}, content) == pass);  // High priority.
    CHECK(check(caf::message_id{0x8000000000000007U},
                caf::make_message(lease{})) == pass);
  }

  TEST_CASE_FIXTURE(open_link, "refuses forwarding stacks") {
    const auto payload =
      writer.write(std::vector<caf::strong_actor_ptr>{actor},
                   caf::make_message(cancel_command{"event"}));
    CHECK(check(writer.frame({message_type::direct_message, 0, 0,
                              as_message.integer_value(), 5, 7},
                             payload)) == refuse);
  }

  TEST_CASE_FIXTURE(open_link, "lets only the peer's own actors be named") {
    const auto with = [&](caf::actor_id id, const caf::node_id& node) {
      return check_raw(as_request, "@<>+kvc::introduce_peer",
                       writer.write(protocol_version, id, node));
    };
    CHECK(with(7, other) == pass);
    CHECK(with(0, caf::node_id{}) == pass);
    CHECK(with(7, self) == refuse);
    CHECK(with(7, some_node(3)) == refuse);
    CHECK(with(7, caf::node_id{}) == refuse);
    CHECK(with(0, some_node(3)) == refuse);
  }

  TEST_CASE_FIXTURE(guarded_link, "expects the node that has proved itself") {
    CHECK(check(writer.client_handshake(some_node(3))) == refuse);
    CHECK(guard.reason() == "a malformed handshake");
    CHECK_FALSE(guard.is_established());
    CHECK(check(as_request, caf::make_message(lease{})) == refuse);
    CHECK(greet() == pass);
    CHECK(guard.is_established());
    CHECK(greet() == pass);  // CAF repeats it.
    CHECK(check(writer.client_handshake(some_node(3))) == refuse);
  }

  TEST_CASE_FIXTURE(guarded_link, "walks a server's handshake") {
    frame_guard client{link_side::client, self, process_of(other)};
    const auto check_client = [&](const std::vector<std::string>& names,
                                  const bytes& tail) {
      auto payload = writer.write(other, names, caf::actor_id{7});
      payload.insert(payload.end(), tail.begin(), tail.end());
      const auto frame =
        writer.frame({message_type::server_handshake, 0, 0, 3, 0, 0}, payload);
      const byte_span all{frame};
      REQUIRE(client.check_header(all.first(32)) == pass);
      return client.check_payload(all.subspan(32));
    };
    CHECK(check_client({"kvc/1"}, {}) == refuse);
    CHECK(check_client({"kvc/1"}, {0xFF, 0xFF, 0xFF, 0xFF, 0x0F}) == refuse);
    CHECK(check_client(std::vector<std::string>(257, "x"), {0}) == refuse);
    CHECK(check_client({"kvc/1"}, {1, 2, 'x', 'y'}) == pass);
    CHECK(client.is_established());
  }

  TEST_CASE_FIXTURE(open_link, "lets monitors and ends of actors pass") {
    const auto watch = [&](const caf::node_id& from, const caf::node_id& to) {
      return check(writer.frame({message_type::monitor_message, 0, 0, 0, 0, 7},
                                writer.write(from, to)));
    };
    CHECK(watch(other, self) == pass);
    CHECK(watch(self, other) == refuse);
    CHECK(watch(some_node(3), self) == refuse);
    CHECK(watch(other, some_node(3)) == refuse);
    const auto end = [&](const caf::node_id& from, const caf::error& why) {
      return check(writer.frame({message_type::down_message, 0, 0, 0, 7, 0},
                                writer.write(from, self, why)));
    };
    CHECK(end(other, caf::exit_reason::kill) == pass);
    CHECK(end(other, {}) == pass);
    CHECK(end(other, caf::make_error(errc::too_busy, "why")) == pass);
    CHECK(end(other, nested_error(1)) == refuse);
    CHECK(end(some_node(3), caf::exit_reason::kill) == refuse);
  }

  TEST_CASE_FIXTURE(open_link, "refuses what third processes would get") {
    CHECK(
      check(writer.frame(
        {message_type::routed_message, 0, 0, as_message.integer_value(), 5, 7},
        writer.write(other, self, std::vector<caf::strong_actor_ptr>{},
                     caf::make_message(cancel_command{"event"})))) == refuse);
  }

  TEST_CASE_FIXTURE(open_link, "lets heartbeats pass and nothing like them") {
    const auto header = [&](std::uint8_t type, std::uint32_t length) {
      return guard.check_header(writer.write(caf::io::basp::header{
        static_cast<message_type>(type), 0, length, 0, 0, 0}));
    };
    CHECK(header(6, 0) == pass);
    CHECK(header(6, 1) == refuse);
    CHECK(header(7, 0) == refuse);
    CHECK(header(255, 0) == refuse);
    CHECK(header(2, 8) == refuse);  // To nobody.
    CHECK(guard.check_header(bytes(31)) == refuse);
  }
}
