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
  const std::string& address;  ///< Our own address, packed.
  std::uint64_t incarnation = 0;
  std::uint64_t wire = 0;
};

/// Carries out our reads from peers. If a peer's memory is mapped, copies from
/// it slice by slice; else asks the peer's read_server for pieces. All reads
/// take turns. For the thread that drives UCX.
class read_client {
 public:
  explicit read_client(const read_client_setup& setup) : setup_(setup) {}

  read_client(const read_client&) = delete;
  read_client& operator=(const read_client&) = delete;

  void start(transport::read_id id, read_request request,
             steady::time_point start);
  void cancel(transport::read_id id);

  /// Takes an answer from UCX, and copies its bytes to where they belong.
  void receive(std::span<const std::byte> header,
               std::span<const std::byte> bytes);

  /// Copies some bytes and asks for some. Returns whether there is more to do
  /// at once.
  bool work();

  /// Ends the reads whose deadlines have passed.
  void expire(steady::time_point now);

  /// Returns when expire() or work() will have something to do.
  steady::time_point next_deadline() const;

  /// Fails the reads from a peer whose connection was cut.
  void lose(std::uint64_t incarnation);

  /// Ends all reads as cancelled.
  void cancel_all();

  /// Returns whether peers owe us answers.
  bool is_waiting() const { return !pieces_.empty(); }

  /// Forgets everything. Call it when no answer can come any more.
  void end_all();

 private:
  /// A piece of a span that a peer was asked for.
  struct piece {
    std::uint64_t token = 0;
    transport::read_id read = 0;
    std::size_t span = 0;
    std::uint64_t offset = 0;  ///< In the span.
    std::uint64_t length = 0;
    std::uint64_t incarnation = 0;  ///< The peer's.
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
  std::deque<running_read*> active_;  ///< The next in turn is the first.
  bool is_worth_admitting_ = false;
  steady::time_point admit_at_ = steady::time_point::max();
  std::set<std::pair<steady::time_point, transport::read_id>> deadlines_;
  std::unordered_map<std::uint64_t, piece> pieces_;

  /// A new connection on which we asked for something.
  struct new_connection {
    std::uint64_t incarnation = 0;
    std::shared_ptr<ucx::usage> usage;
  };

  /// New connections without an answer, by when they are given up.
  std::multimap<steady::time_point, new_connection> unheard_;
  std::uint64_t last_token_ = 0;
  std::uint64_t bytes_in_flight_ = 0;
};

}  // namespace kvc::ucx
