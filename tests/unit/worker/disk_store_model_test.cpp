#include "tests/unit/worker/disk_store_fixture.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <map>

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

namespace {

std::uint64_t bytes_as(std::uint64_t hash, codec form) {
  return header_bytes +
         (form == codec::none ? raw_bytes : encoded_bytes(hash, form));
}

/// The store's rules in the plainest way. Only when a pin ends is left to a
/// pin_board of its own.
struct naive_disk {
  struct held_chunk {
    codec form = codec::none;
    std::uint64_t bytes = file_bytes;
    std::uint64_t written = 0;  ///< Grows with every file.
    bool is_damaged = false;
  };

  struct waiting_chunk {
    std::uint64_t hash = 0;
    std::shared_ptr<const hashes> offered_with;
  };

  std::uint64_t capacity = 0;
  std::size_t max_waiting = 0;
  std::map<std::uint64_t, held_chunk> held;
  std::list<std::uint64_t> order;  ///< All of `held`, the newest first.
  std::list<waiting_chunk> waiting;
  pin_board pins;
  std::uint64_t files_written = 0;
  chunk_store::time_point now{};
  kvc::test::changes changes;

  std::uint64_t used() const {
    std::uint64_t result = 0;
    for (const auto& [hash, x] : held)
      result += x.bytes;
    return result;
  }

  bool waits(std::uint64_t hash) const {
    return std::ranges::any_of(
      waiting, [hash](const auto& x) { return x.hash == hash; });
  }

  void expire() {
    for (const auto hash : pins.expire(now))
      make_newest(hash);
  }

  void make_newest(std::uint64_t hash) {
    order.remove(hash);
    order.push_front(hash);
  }

  void touch(const hashes& names) {
    std::for_each(names.rbegin(), names.rend(), [this](auto name) {
      if (held.contains(name) && !pins.is_pinned(name))
        make_newest(name);
    });
  }

  void drop(std::uint64_t hash) {
    held.erase(hash);
    order.remove(hash);
    pins.forget(hash);
    changes.emplace_back(false, hash);
  }

  bool make_room(std::uint64_t bytes, std::uint64_t borrowed) {
    expire();
    hashes victims;
    auto left = capacity - used();
    for (auto it = order.rbegin(); it != order.rend() && left < bytes; ++it) {
      if (*it == borrowed || pins.is_pinned(*it))
        continue;
      left += held[*it].bytes;
      victims.push_back(*it);
    }
    if (left < bytes)
      return false;
    for (const auto victim : victims)
      drop(victim);
    return true;
  }

  std::size_t offer(const hashes& names) {
    touch(names);
    const auto batch = std::make_shared<const hashes>(names);
    std::size_t taken = 0;
    for (const auto name : names) {
      if (held.contains(name) || waits(name) || waiting.size() == max_waiting)
        continue;
      waiting.push_back({name, batch});
      ++taken;
    }
    return taken;
  }

  bool write_next() {
    if (waiting.empty())
      return false;
    const auto [hash, batch] = waiting.front();
    const auto has_room = make_room(file_bytes, 0);
    waiting.pop_front();
    if (has_room) {
      held[hash] = {.written = ++files_written};
      order.push_front(hash);
      changes.emplace_back(true, hash);
    }
    if (waiting.empty() || waiting.front().offered_with != batch)
      touch(*batch);
    return !waiting.empty();
  }

  bool read(std::uint64_t hash) {
    if (!held.contains(hash))
      return false;
    touch({hash});
    if (!held[hash].is_damaged)
      return true;
    drop(hash);
    return false;
  }

  outcomes clear(const hashes& names) {
    expire();
    outcomes result;
    for (const auto name : names) {
      std::erase_if(waiting, [&](const auto& x) { return x.hash == name; });
      result.push_back(!held.contains(name)   ? absent
                       : pins.is_pinned(name) ? pinned
                                              : done);
      if (result.back() == done)
        drop(name);
    }
    return result;
  }

  outcomes pin(const hashes& names, chunk_store::time_point until) {
    expire();
    outcomes result(names.size(), absent);
    for (std::size_t i = 0; i < names.size() && held.contains(names[i]); ++i) {
      pins.pin(names[i], until);
      result[i] = done;
    }
    return result;
  }

  outcomes unpin(const hashes& names) {
    expire();
    outcomes result(names.size(), absent);
    for (auto i = names.size(); i-- > 0;) {
      if (!held.contains(names[i]))
        continue;
      const auto was_last = pins.unpin(names[i]);
      result[i] = was_last ? done : unchanged;
      if (was_last == true)
        make_newest(names[i]);
    }
    return result;
  }

  chunk_outcome recode(std::uint64_t hash, codec target) {
    if (!held.contains(hash))
      return absent;
    if (held[hash].form == target)
      return unchanged;
    if (held[hash].is_damaged) {
      drop(hash);
      return failed;
    }
    if (target != codec::none && hash >= first_noise)
      return incompressible;
    const auto bytes = bytes_as(hash, target);
    if (target == codec::none ? used() + bytes > capacity
                              : !make_room(bytes, hash))
      return no_room;
    held[hash] = {.form = target, .bytes = bytes, .written = ++files_written};
    return done;
  }

  void reopen() {
    waiting.clear();
    pins = {};
    order.sort(
      [this](auto x, auto y) { return held[x].written > held[y].written; });
  }
};

struct model_fixture : disk_store_fixture {
  naive_disk model;
  std::mt19937 random{20'231'127};

  model_fixture() {
    options.capacity_bytes = 20 * file_bytes + 123;
    options.directory = directory.path() / "model";
    reopen();
    model.capacity = options.capacity_bytes;
    model.max_waiting = options.max_queue_bytes / raw_bytes;
  }

  /// A piece of one of 12 prompts; those of the second half do not compress.
  hashes draw() {
    const auto prompt = random() % 12;
    const auto first = (prompt < 6 ? 0 : first_noise) + prompt * 10 + 1;
    hashes result;
    for (std::uint64_t i = random() % 3; i < 1 + random() % 6; ++i)
      result.push_back(first + i);
    return result;
  }

  /// Changes the last byte of a chunk's file, which does not become younger.
  void damage_one() {
    const auto all = files();
    if (all.empty())
      return;
    const auto& file = all[random() % all.size()];
    const auto hash =
      std::stoull(file.filename().string().substr(0, 16), nullptr, 16);
    model.held[hash].is_damaged = true;
    const auto written = std::filesystem::last_write_time(file);
    auto content = bytes_in(file);
    content.back() ^= std::byte{0x10};
    put_bytes(file, content);
    std::filesystem::last_write_time(file, written);
  }

  void read_one() {
    const auto hash = draw_one();
    REQUIRE(has(hash) == model.read(hash));
  }

  std::uint64_t draw_one() {
    const auto names = draw();
    return names.empty() ? 1 : names[0];
  }

  void recode_one() {
    const auto hash = draw_one();
    const auto target =
      std::array{codec::none, codec::zstd, codec::lz4}[random() % 3];
    REQUIRE(store->recode(hash, target).outcome == model.recode(hash, target));
  }

  void pin_some() {
    const auto names = draw();
    const auto until = now + std::chrono::seconds{random() % 10};
    REQUIRE(outcomes_of(store->pin(names, until)) == model.pin(names, until));
  }

  void step() {
    const auto dice = random() % 200;
    const auto names = draw();
    if (dice < 60)
      REQUIRE(offer(names) == model.offer(names));
    else if (dice < 130)
      REQUIRE(store->write_next() == model.write_next());
    else if (dice < 150)
      read_one();
    else if (dice < 170)
      recode_one();
    else if (dice < 178)
      REQUIRE(outcomes_of(store->clear(names)) == model.clear(names));
    else if (dice < 186)
      pin_some();
    else if (dice < 190)
      REQUIRE(outcomes_of(store->unpin(names)) == model.unpin(names));
    else if (dice < 196)
      model.now = now += std::chrono::seconds{1};
    else if (dice < 198)
      damage_one();
    else
      reopen_both();
  }

  void reopen_both() {
    reopen();
    model.reopen();
    std::set<std::uint64_t> held;
    for (const auto& [hash, x] : model.held)
      held.insert(hash);
    REQUIRE(scan_all(*store) == held);
  }
};

}  // namespace

TEST_SUITE("disk_store model") {
  TEST_CASE_FIXTURE(model_fixture,
                    "agrees with a naive store for 20,000 steps") {
    std::size_t evictions = 0;
    for (int i = 0; i < 20'000; ++i) {
      CAPTURE(i);
      step();
      const auto found = log.take();
      REQUIRE(found == std::exchange(model.changes, {}));
      for (const auto& [is_admitted, hash] : found)
        evictions += is_admitted ? 0 : 1;
      const auto usage = store->usage();
      REQUIRE(usage.chunks == model.held.size());
      REQUIRE(usage.used_bytes == model.used());
      REQUIRE(store->state().queued_chunks == model.waiting.size());
      if (i % 100 == 0) {
        REQUIRE(store->check() == "");
        model.expire();
        REQUIRE(files().size() == model.held.size());
      }
    }
    CHECK(evictions > 2000);
    CHECK(store->state().failed_writes == 0);
  }
}
