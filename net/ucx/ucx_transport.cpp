#include "net/ucx/ucx_transport.hpp"

#include "messages/random_number.hpp"

#include <poll.h>
#include <pthread.h>

#include <algorithm>

namespace kvc::ucx {

namespace {

/// How many events UCX handles before the rest of a turn.
constexpr int events_per_turn = 64;

/// How long stop() lets UCX end what is under way.
constexpr std::chrono::milliseconds closing_time{1'500};

/// A nap while an answer arrives, so that it is taken in large parts. The
/// kernel makes it some 50 us longer (docs/decisions/0043).
constexpr std::chrono::microseconds gather_time{1};

/// After so many naps without anything new, the thread sleeps until it is
/// woken.
constexpr int max_gathers = 3;

/// The longest sleep, however far the next deadline: should UCX lose a wake-up,
/// it costs only this pause.
constexpr std::chrono::milliseconds longest_sleep{50};

/// The longest sleep while nobody waits for anything here.
constexpr std::chrono::milliseconds longest_idle_sleep{200};

/// The longest sleep while a cut connection rests: UCX 1.13.1 closes it step by
/// step as it is driven, and wakes nobody for that.
constexpr std::chrono::milliseconds longest_closing_sleep{5};

std::string make_address(const endpoint_setup& setup,
                         const shared_region& region,
                         std::uint64_t incarnation) {
  ucp_address_t* worker = nullptr;
  std::size_t length = 0;
  check(ucp_worker_get_address(setup.worker.get(), &worker, &length),
        "get the address");
  std::string bytes(reinterpret_cast<const char*>(worker), length);
  ucp_worker_release_address(setup.worker.get(), worker);
  const auto memory = region.bytes();
  return pack({.incarnation = incarnation,
               .base = reinterpret_cast<std::uint64_t>(memory.data()),
               .bytes = memory.size(),
               .port = setup.port,
               .worker = std::move(bytes),
               .remote_key = region.remote_key()},
              setup.wire);
}

}  // namespace

ucx_transport::ucx_transport(const transport_options& options)
    : options_(options),
      setup_(set_up(options)),
      region_(setup_.context.get(), options.memory_bytes, setup_.shares_memory),
      incarnation_(random_number()),
      address_(make_address(setup_, region_, incarnation_)),
      outgoing_(setup_.worker.get(), options_, options_.idle_timeout,
                setup_.shares_memory),
      // Twice as long, so that the peer that reads ends the connection first.
      incoming_(setup_.worker.get(), options_, 2 * options_.idle_timeout,
                false),
      server_(region_, incoming_, setup_.wire),
      client_({.worker = setup_.worker.get(),
               .region = region_,
               .connections = outgoing_,
               .limits = options_.limits,
               .address = address_,
               .incarnation = incarnation_,
               .wire = setup_.wire}) {
  if (setup_.shares_memory && region_.remote_key().empty())
    setup_.warnings.emplace_back(
      "the memory cannot be shared: peers on this host copy over TCP, too");
  check(ucp_worker_get_efd(setup_.worker.get(), &event_fd_),
        "get the event descriptor");
  handle<&ucx_transport::on_read>(message_id::read);
  handle<&ucx_transport::on_answer>(message_id::answer);
  thread_ = std::thread{[this] { run(); }};
}

ucx_transport::~ucx_transport() { stop(); }

template <auto Receive>
void ucx_transport::handle(message_id id) {
  ucp_am_handler_param_t params{};
  params.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID |
                      UCP_AM_HANDLER_PARAM_FIELD_CB |
                      UCP_AM_HANDLER_PARAM_FIELD_ARG;
  params.id = static_cast<unsigned>(id);
  params.arg = this;
  params.cb = [](void* self, const void* header, std::size_t header_length,
                 void* data, std::size_t length,
                 const ucp_am_recv_param_t* received) {
    // We send eagerly. A message that was sent otherwise has no bytes here yet.
    const auto has_bytes =
      (received->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) == 0;
    (static_cast<ucx_transport*>(self)->*Receive)(
      {static_cast<const std::byte*>(header), header_length},
      {static_cast<const std::byte*>(data), has_bytes ? length : 0});
    return UCS_OK;
  };
  check(ucp_worker_set_am_recv_handler(setup_.worker.get(), &params),
        "handle messages");
}

void ucx_transport::on_read(std::span<const std::byte> header,
                            std::span<const std::byte> bytes) {
  server_.receive(header, bytes);
}

void ucx_transport::on_answer(std::span<const std::byte> header,
                              std::span<const std::byte> bytes) {
  client_.receive(header, bytes);
}

transport::read_id ucx_transport::read(read_request request) {
  const auto id = ++last_id_;
  // Shared, because a command must be copyable.
  auto shared = std::make_shared<read_request>(std::move(request));
  const auto is_posted = post([this, id, shared, start = steady::now()] {
    client_.start(id, std::move(*shared), start);
  });
  if (is_posted)
    return id;
  read_result result{.status = read_status::cancelled};
  result.spans.resize(shared->spans.size());
  if (shared->on_done)
    shared->on_done(std::move(result));
  if (shared->on_drained)
    shared->on_drained();
  return id;
}

void ucx_transport::cancel(read_id id) {
  post([this, id] { client_.cancel(id); });
}

void ucx_transport::stop() {
  const std::lock_guard stopping{stop_mutex_};
  if (!thread_.joinable())
    return;
  {
    const std::lock_guard lock{mutex_};
    is_stopping_ = true;
  }
  ucp_worker_signal(setup_.worker.get());
  thread_.join();
  setup_.worker.reset();
  client_.end_all();
}

/// Returns whether the command will be run.
bool ucx_transport::post(command work) {
  const std::lock_guard lock{mutex_};
  if (is_stopping_)
    return false;
  commands_.push_back(std::move(work));
  // Still under the lock, because stop() destroys the worker.
  if (commands_.size() == 1)
    ucp_worker_signal(setup_.worker.get());
  return true;
}

bool ucx_transport::run_commands() {
  std::vector<command> commands;
  {
    const std::lock_guard lock{mutex_};
    commands.swap(commands_);
  }
  for (const auto& each : commands)
    each();
  return !commands.empty();
}

void ucx_transport::run() {
  ::pthread_setname_np(::pthread_self(), "kvc-ucx");
  int gathers = 0;  // In a row.
  while (true) {
    {
      const std::lock_guard lock{mutex_};
      if (is_stopping_)
        break;
    }
    if (turn()) {
      gathers = 0;
    } else if (gathers < max_gathers && client_.is_waiting()) {
      ++gathers;
      std::this_thread::sleep_for(gather_time);
    } else {
      sleep();
    }
  }
  finish();
}

/// Does a part of all that there is to do. Returns whether there is more.
bool ucx_transport::turn() {
  const auto had_commands = run_commands();
  auto* worker = setup_.worker.get();
  int events = 0;
  while (events < events_per_turn && ucp_worker_progress(worker) != 0)
    ++events;
  server_.serve();
  client_.expire(steady::now());
  outgoing_.cut_failed([this](auto peer) { client_.lose(peer); });
  incoming_.cut_failed([](auto) {});
  const auto has_more = client_.work();
  return has_more || had_commands || events > 0;
}

void ucx_transport::sleep() {
  const auto now = steady::now();
  outgoing_.cut_idle(now);
  incoming_.cut_idle(now);
  const auto wake_at = std::min(
    {client_.next_deadline(), outgoing_.next_idle(), incoming_.next_idle()});
  const auto is_busy = client_.is_waiting() || server_.is_waiting();
  const auto is_closing = outgoing_.is_resting() || incoming_.is_resting();
  const auto longest = is_closing ? longest_closing_sleep
                       : is_busy  ? longest_sleep
                                  : longest_idle_sleep;
  const auto most = std::min<steady::duration>(
    longest, wake_at == steady::time_point::max() ? longest : wake_at - now);
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(most);
  // Fails if there is an event, or if post() has signalled since the commands
  // were taken.
  if (ucp_worker_arm(setup_.worker.get()) != UCS_OK)
    return;
  pollfd event{.fd = event_fd_, .events = POLLIN, .revents = 0};
  ::poll(&event, 1,
         static_cast<int>(std::max<std::int64_t>(0, timeout.count())));
}

void ucx_transport::finish() {
  run_commands();
  client_.cancel_all();
  outgoing_.cut_all();
  incoming_.cut_all();
  const auto end = steady::now() + closing_time;
  while (ucp_worker_progress(setup_.worker.get()) != 0 && steady::now() < end) {
  }
}

}  // namespace kvc::ucx
