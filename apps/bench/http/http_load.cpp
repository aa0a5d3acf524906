#include "apps/bench/http/http_load.hpp"

#include "apps/bench/clocks.hpp"
#include "apps/bench/http/http_connection.hpp"
#include "apps/bench/statistics.hpp"
#include "messages/errors.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <algorithm>
#include <array>
#include <deque>
#include <random>

namespace kvc {

namespace {

using std::chrono::nanoseconds;
using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using progress = http_connection::progress;

constexpr std::chrono::seconds patience{10};

class load_run {
 public:
  explicit load_run(const http_load& load)
      : load_(load), poller_(epoll_create1(EPOLL_CLOEXEC)) {}

  caf::expected<http_load_result> run();

 private:
  struct client {
    http_connection connection;
    time_point due;  ///< Of the running exchange.
  };

  caf::error connect_all();
  void begin(std::size_t index, time_point due);
  void begin_due();
  void handle(std::size_t index, progress reached);
  void finish(std::size_t index);
  void await_sockets();
  bool is_open_loop() const {
    return load_.per_second > 0 || !load_.due_times.empty();
  }
  void choose_next_due();
  bool is_done(time_point now) const;
  http_load_result result(time_point now);

  const http_load& load_;
  file_descriptor poller_;
  std::vector<client> clients_;
  std::vector<std::size_t> idle_;
  std::deque<time_point> overdue_;  // For want of an idle connection.
  std::mt19937_64 random_{1};
  std::exponential_distribution<double> gap_{1};
  time_point begin_;
  time_point next_due_;  // In an open loop.
  std::size_t due_ = 0;  // Requests so far.
  time_point first_;     // Where the measured time begins,
  time_point end_;       // and where it ends.
  std::size_t sent_ = 0;
  std::size_t answers_ = 0;
  durations latencies_;
  std::uint64_t failures_ = 0;
  bool is_broken_ = false;
};

caf::error load_run::connect_all() {
  for (std::size_t i = 0; i < load_.connections; ++i) {
    auto connection = http_connection::open(load_.port);
    if (!connection)
      return std::move(connection.error());
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = i;
    epoll_ctl(poller_.get(), EPOLL_CTL_ADD, connection->fd(), &event);
    clients_.push_back({std::move(*connection), {}});
    idle_.push_back(i);
  }
  return caf::none;
}

caf::expected<http_load_result> load_run::run() {
  prctl(PR_SET_TIMERSLACK, 1UL);  // Nanosecond; else every wait is 50 us late.
  if (auto error = connect_all())
    return error;
  begin_ = clock::now();
  next_due_ = begin_;
  if (!load_.due_times.empty())
    next_due_ += load_.due_times.front();
  first_ = begin_ + load_.warm_up;
  end_ = first_ + load_.duration;
  const auto cpu_time = thread_cpu_ns();
  auto now = begin_;
  for (; !is_done(now) && !is_broken_; now = clock::now()) {
    begin_due();
    await_sockets();
  }
  if (is_broken_)
    return caf::make_error(errc::connection_lost,
                           "127.0.0.1:" + std::to_string(load_.port));
  auto figures = result(now);
  figures.client_share =
    static_cast<double>(thread_cpu_ns() - cpu_time) /
    std::chrono::duration<double, std::nano>(now - begin_).count();
  return figures;
}

bool load_run::is_done(time_point now) const {
  const auto is_all_answered =
    idle_.size() == clients_.size() && overdue_.empty();
  return now >= end_ && (is_all_answered || now >= end_ + patience);
}

/// Begins whatever is due and finds an idle connection.
void load_run::begin_due() {
  const auto now = clock::now();
  if (is_open_loop())
    for (; next_due_ <= now && next_due_ < end_; choose_next_due())
      overdue_.push_back(next_due_);
  while (!idle_.empty() && !is_broken_) {
    if (is_open_loop() ? overdue_.empty() : now >= end_)
      return;
    const auto index = idle_.back();
    idle_.pop_back();
    auto due = now;
    if (is_open_loop()) {
      due = overdue_.front();
      overdue_.pop_front();
    }
    begin(index, due);
  }
}

void load_run::choose_next_due() {
  ++due_;
  const auto& times = load_.due_times;
  if (times.empty())
    next_due_ += std::chrono::duration_cast<nanoseconds>(
      std::chrono::duration<double>(gap_(random_) / load_.per_second));
  else
    next_due_ = due_ < times.size() ? begin_ + times[due_] : time_point::max();
}

/// Sends the next request.
void load_run::begin(std::size_t index, time_point due) {
  auto& chosen = clients_[index];
  chosen.due = due;
  const auto& request = load_.requests[sent_++ % load_.requests.size()];
  handle(index, chosen.connection.send(request));
}

void load_run::handle(std::size_t index, progress reached) {
  if (reached == progress::broken)
    is_broken_ = true;
  else if (reached == progress::answered)
    finish(index);
}

void load_run::finish(std::size_t index) {
  const auto& done = clients_[index];
  idle_.push_back(index);
  ++answers_;
  if (done.due < first_ || done.due >= end_)
    return;
  latencies_.add(nanoseconds{clock::now() - done.due}.count());
  const auto answer = done.connection.answer();
  if (!answer.starts_with("HTTP/1.1 200 ") ||
      answer.find(load_.expected) == std::string_view::npos)
    ++failures_;
}

void load_run::await_sockets() {
  std::array<epoll_event, 64> events;
  const auto is_all_answered = idle_.size() == clients_.size();
  auto until = is_all_answered ? end_ : end_ + patience;
  if (is_open_loop() && next_due_ < end_)
    until = next_due_;
  const auto wait = until - clock::now();
  const auto left = std::max<std::int64_t>(0, nanoseconds{wait}.count());
  const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
  const auto count =
    epoll_pwait2(poller_.get(), events.data(), static_cast<int>(events.size()),
                 &timeout, nullptr);
  for (int i = 0; i < count && !is_broken_; ++i) {
    const auto index = events[static_cast<std::size_t>(i)].data.u64;
    // What waits for nothing has been told of its own connecting, or of room.
    if (std::find(idle_.begin(), idle_.end(), index) == idle_.end())
      handle(index, clients_[index].connection.advance());
  }
}

http_load_result load_run::result(time_point now) {
  http_load_result figures;
  figures.per_second = static_cast<double>(latencies_.count()) /
                       std::chrono::duration<double>(now - first_).count();
  figures.p50_us = latencies_.percentile_us(0.50);
  figures.p99_us = latencies_.percentile_us(0.99);
  figures.p999_us = latencies_.percentile_us(0.999);
  figures.answers = answers_;
  figures.failures =
    failures_ + overdue_.size() + (clients_.size() - idle_.size());
  return figures;
}

}  // namespace

caf::expected<http_load_result> run_http_load(const http_load& load) {
  return load_run{load}.run();
}

}  // namespace kvc
