#include "tests/support/disk_store_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Tells another process of every change, as soon as it is true.
struct change_sender final : membership_listener {
  enum class news : std::uint64_t { evicted, admitted, ready };

  struct record {
    std::uint64_t hash;
    news what;
  };

  int pipe = -1;

  void chunks_admitted(location,
                       std::span<const std::uint64_t> hashes) override {
    send(hashes, news::admitted);
  }

  void chunks_evicted(location,
                      std::span<const std::uint64_t> hashes) override {
    send(hashes, news::evicted);
  }

  void send(std::span<const std::uint64_t> hashes, news what) const {
    for (const auto hash : hashes) {
      const record x{hash, what};
      if (::write(pipe, &x, sizeof(x)) != sizeof(x))
        _exit(3);
    }
  }
};

/// What the child does until it is killed.
[[noreturn]] void write_for_ever(disk_store_options options, int pipe,
                                 std::uint32_t seed) {
  change_sender sender;
  sender.pipe = pipe;
  options.listener = &sender;
  const auto store = disk_store::open(std::move(options));
  if (!store)
    _exit(2);
  std::uint64_t cursor = 0;
  do {
    const auto step = (**store).scan(cursor, 1000);
    sender.send(step.hashes, change_sender::news::admitted);
    cursor = step.next_cursor;
  } while (cursor != 0);
  sender.send(hashes{0}, change_sender::news::ready);
  std::mt19937 random{seed};
  for (;;) {
    const std::uint64_t first = 1 + random() % 60;
    (**store).offer(kept_of(hashes{first, first + 1, first + 2}));
    write_all(**store);
    (**store).recode(first + random() % 3, codec_id::zstd);
    (**store).clear(hashes{1 + random() % 60});
  }
}

/// Kills a child some time after it has begun to change things. Returns what it
/// has told that it held.
std::set<std::uint64_t> killed_in_the_act(const disk_store_options& options,
                                          std::mt19937& random) {
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  const auto seed = static_cast<std::uint32_t>(random());
  const auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0)
    write_for_ever(options, pipe[1], seed);
  ::close(pipe[1]);
  auto changes_left = 1 + random() % 100;
  const std::chrono::microseconds delay{random() % 1000};
  std::set<std::uint64_t> held;
  auto is_ready = false;
  change_sender::record x{};
  while (::read(pipe[0], &x, sizeof(x)) == sizeof(x)) {
    if (x.what == change_sender::news::ready)
      is_ready = true;
    else if (x.what == change_sender::news::admitted)
      held.insert(x.hash);
    else
      held.erase(x.hash);
    if (!is_ready || changes_left == 0 || --changes_left > 0)
      continue;
    const auto end = std::chrono::steady_clock::now() + delay;
    while (std::chrono::steady_clock::now() < end) {
    }
    kill(child, SIGKILL);
  }
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);
  return held;
}

}  // namespace

TEST_SUITE("disk_store recovery") {
  TEST_CASE_FIXTURE(disk_store_fixture,
                    "keeps what it told when it is killed") {
    store.reset();
    options.capacity_bytes = 40 * file_bytes;
    std::mt19937 random{20'231'126};
    std::size_t lasting = 0;
    for (int i = 0; i < 60; ++i) {
      const auto held = killed_in_the_act(options, random);
      // A file that was about to be removed may be there, beyond the capacity.
      auto roomy = options;
      roomy.capacity_bytes *= 2;
      const auto opened = disk_store::open(roomy);
      REQUIRE(opened);
      CHECK((**opened).state().quarantined == 0);
      for (const auto hash : held)
        CHECK(has_right(**opened, hash));
      for (const auto hash : scan_all(**opened))
        CHECK(has_right(**opened, hash));
      CHECK((**opened).usage().chunks <= held.size() + 8);
      CHECK((**opened).check() == "");
      lasting += held.size();
    }
    CHECK(lasting > 500);
  }
}
