#pragma once

#include "net/ucx/connection_table.hpp"
#include "net/ucx/running_read.hpp"
#include "net/ucx/shared_region.hpp"
#include "net/ucx/wire_messages.hpp"

#include <deque>
#include <map>
#include <set>
#include <unordered_map>

namespace kvc::ucx {

/// What a read_client needs of its transport; all of this outlives it.
struct read_client_setup {
  ucp_worker_h worker = nullptr;
  const shared_region& region;
  connection_table& connections;
  const transport_limits& limits;
  const std::string& address;  ///< Ours, packed.
  std::uint64_t incarnation = 0;
  std::uint64_t wire = 0;
};

/// Our reads from peers. Copies from mapped memory itself, slice by slice, and
/// asks peers elsewhere for pieces; the reads take turns. For the thread that
/// drives the worker.
class read_client {
 public:
  explicit read_client(const read_client_setup& setup) : setup_(setup) {}

  read_client(const read_client&) = delete;
  read_client& operator=(const read_client&) = delete;

  void start(transport::read_id id, read_request request,
             steady::time_point start);
  void cancel(transport::read_id id);

  /// Takes an answer and copies its bytes to where they belong.
  void receive(std::span<const std::byte> header,
               std::span<const std::byte> bytes);

  /// Copies and asks for some more. Returns whether it could go on at once.
  bool work();

  /// Ends what is past its deadlines.
  void expire(steady::time_point now);

  /// When expire() or work() has something to do.
  steady::time_point next_deadline() const;

  /// Fails the reads from a peer whose connection was cut.
  void lose(std::uint64_t incarnation);

  /// Tells all callers that their reads were cancelled.
  void cancel_all();

  /// Whether peers owe us answers.
  bool is_waiting() const { return !pieces_.empty(); }

  /// Forgets all. For when no answer can come any more.
  void end_all();

 private:
  /// Something that was asked for.
  struct piece {
    std::uint64_t token = 0;
    transport::read_id read = 0;
    std::size_t span = 0;
    std::uint64_t offset = 0;  ///< In the span.
    std::uint64_t length = 0;
    std::uint64_t incarnation = 0;  ///< Of the peer.
    std::shared_ptr<ucx::usage> usage;
  };

  std::optional<read_status> refuse(const read_request& request,
                                    const std::optional<peer_address>& peer);
  void admit();
  bool may_admit(const running_read& x) const;
  std::uint64_t step(running_read& x);
  std::uint64_t copy_slice(running_read& x, const connection& peer);
  bool request_piece(running_read& x, connection& peer);
  void send_request(const connection& to, const read_message& message);
  void redial(std::uint64_t incarnation,
              const std::shared_ptr<ucx::usage>& usage);
  void begin_anew(running_read& x);
  void end_pieces(std::uint64_t incarnation);
  void suspect(std::uint64_t incarnation,
               const std::shared_ptr<ucx::usage>& usage);
  void finish(std::uint64_t token, bool is_there);
  void take(running_read& x, std::size_t span, std::uint64_t bytes);
  std::span<std::byte> place_of(const running_read& x, std::size_t span) const;
  void tell(running_read& x, read_status status);
  void settle(running_read& x);

  read_client_setup setup_;
  std::unordered_map<transport::read_id, std::unique_ptr<running_read>> reads_;
  std::deque<running_read*> waiting_;
  std::deque<running_read*> active_;  ///< In turn.
  bool is_worth_admitting_ = false;
  steady::time_point admit_at_ = steady::time_point::max();
  std::set<std::pair<steady::time_point, transport::read_id>> deadlines_;
  std::unordered_map<std::uint64_t, piece> pieces_;

  /// New connections that were asked for something, and how long they may be
  /// silent.
  struct new_connection {
    std::uint64_t incarnation = 0;
    std::shared_ptr<ucx::usage> usage;
  };
  std::multimap<steady::time_point, new_connection> unheard_;
  std::uint64_t last_token_ = 0;
  std::uint64_t bytes_in_flight_ = 0;
};

}  // namespace kvc::ucx
