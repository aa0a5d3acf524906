#include "messages/errors.hpp"
#include "tests/support/disk_store_fixture.hpp"

#include <sys/resource.h>

#include <csignal>

using namespace kvc;
using namespace std::chrono_literals;
using namespace kvc::test;
using enum chunk_outcome;

namespace {

/// Lets no file of this process grow beyond `bytes`.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }

  file_size_limit(const file_size_limit&) = delete;
  file_size_limit& operator=(const file_size_limit&) = delete;

  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

struct fault_fixture : disk_store_fixture {
  /// Changes a byte of the only file.
  void damage_only_file(std::size_t offset) const {
    REQUIRE(files().size() == 1);
    auto content = bytes_in(files()[0]);
    content.at(offset) ^= std::byte{1};
    put_bytes(files()[0], content);
  }
};

}  // namespace

TEST_SUITE("disk_store faults") {
  TEST_CASE_FIXTURE(disk_store_fixture, "goes on after a write that failed") {
    put({1});
    log.take();
    offer({2, 3});
    {
      const file_size_limit limit{300};
      CHECK(store->write_next());
    }
    CHECK(log.take().empty());
    auto state = store->state();
    CHECK(state.failed_writes == 1);
    CHECK(state.queued_chunks == 1);
    CHECK(state.last_error.find("write") != std::string::npos);
    CHECK(files_below(options.directory).size() == 2);
    CHECK(store->usage().used_bytes == file_bytes);
    CHECK(store->check() ==
          "disk_store: last write failed: " + state.last_error);
    CHECK(!store->write_next());
    CHECK(log.take() == changes{{true, 3}});
    CHECK(store->check() == "");
    state = store->state();
    CHECK(state.failed_writes == 1);
    CHECK(!state.last_error.empty());
    CHECK(offer({2}) == 1);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "fails while its directory is gone") {
    put({1, 2, 3, 4});
    log.take();
    std::filesystem::remove_all(options.directory);
    offer({5});
    CHECK(!store->write_next());
    CHECK(store->state().failed_writes == 1);
    CHECK(log.take() == changes{{false, 4}});
    CHECK(store->usage().used_bytes == 3 * file_bytes);
    CHECK(store->check().find("disk_store: io_failed: open") == 0);
    CHECK(store->recode(1, codec_id::zstd).outcome == failed);
    CHECK(log.take() == changes{{false, 1}});
    CHECK(!has(2));
    CHECK(log.take() == changes{{false, 2}});
    std::filesystem::create_directory(options.directory);
    put({6});
    CHECK(has(6));
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "refuses what cannot be a chunk") {
    auto odd = kept_of(1);
    odd.bytes = odd.bytes.first(raw_bytes - 1);
    auto empty = kept_of(2);
    empty.bytes = {};
    empty.chunk.bytes = 0;
    store->offer({odd, empty});
    write_all(*store);
    CHECK(store->state().failed_writes == 2);
    CHECK(store->usage().used_bytes == 0);
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "checks that there is space") {
    free_bytes = 0;
    CHECK(store->check() == "");
    put({1, 2, 3});
    free_bytes = file_bytes - 1;
    CHECK(store->check() ==
          "disk_store: no space for a chunk of 611 bytes, 0 wait");
    free_bytes = file_bytes;
    CHECK(store->check() == "");
    put({4});
    free_bytes = 0;
    CHECK(store->check() == "");
    CHECK(store->recode(4, codec_id::zstd).outcome == done);
    CHECK(store->check() != "");
    CHECK(files_below(options.directory).size() == 1 + 3);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "knows the space of a file system") {
    const auto found = free_bytes_of(directory.path());
    REQUIRE(found);
    CHECK(*found > 0);
    CHECK(free_bytes_of(directory.path() / "none") ==
          caf::error{errc::io_failed});
  }
  TEST_CASE_FIXTURE(fault_fixture, "serves and recodes nothing damaged") {
    put({1});
    SUBCASE("in the payload of a read") {
      damage_only_file(file_bytes - 1);
      CHECK(!has(1));
    }
    SUBCASE("in the header of a read") {
      damage_only_file(9);
      CHECK(!has(1));
    }
    SUBCASE("in the payload of a recode") {
      damage_only_file(header_bytes);
      CHECK(store->recode(1, codec_id::zstd) ==
            chunk_change{.outcome = failed});
    }
    CHECK(log.take() == changes{{true, 1}, {false, 1}});
    CHECK(files().empty());
    CHECK(quarantined() == 1);
    CHECK(store->state().quarantined == 1);
    CHECK(!store->state().last_error.empty());
    CHECK(store->usage().used_bytes == 0);
    CHECK(store->check() == "");
    put({1});
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(fault_fixture, "serves no other chunk's sound file") {
    put({1});
    const auto one = bytes_in(files().at(0));
    store->clear(hashes{1});
    put({2});
    put_bytes(files().at(0), one);
    CHECK(!has(2));
    CHECK(quarantined() == 1);
  }

  TEST_CASE_FIXTURE(fault_fixture, "forgets a file that is gone") {
    put({1, 2});
    log.take();
    const auto all = files();
    SUBCASE("when it reads") {
      std::filesystem::remove(all[0]);
      CHECK(!has(1));
    }
    SUBCASE("when it recodes") {
      std::filesystem::remove(all[0]);
      CHECK(store->recode(1, codec_id::zstd).outcome == failed);
    }
    SUBCASE("when it clears") {
      std::filesystem::remove(all[0]);
      CHECK(outcomes_of(store->clear(hashes{1})) == outcomes{done});
    }
    CHECK(log.take() == changes{{false, 1}});
    CHECK(quarantined() == 0);
    CHECK(store->state().quarantined == 0);
    CHECK(store->usage().used_bytes == file_bytes);
    CHECK(has(2));
  }

  TEST_CASE_FIXTURE(fault_fixture, "keeps a chunk it cannot read now") {
    put({1});
    log.take();
    const auto file = files().at(0);
    std::filesystem::rename(file, directory.path() / "away");
    std::filesystem::create_symlink(directory.path() / "away", file);
    CHECK(!has(1));
    CHECK(log.take().empty());
    CHECK(store->state().last_error.find("io_failed: open") == 0);
    std::filesystem::rename(directory.path() / "away", file);
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(fault_fixture, "overwrites nothing in quarantine") {
    for (int i = 0; i < 3; ++i) {
      put({1});
      const auto file = files().at(0);
      std::filesystem::rename(file, file.parent_path() / "odd");
      reopen();
    }
    CHECK(quarantined() == 3);
    CHECK(files().empty());
  }

  TEST_CASE_FIXTURE(fault_fixture, "says that chunks wait for too long") {
    offer({1});
    now += 30s;
    offer({2});
    CHECK(store->check() == "");
    now += 1s;
    CHECK(store->check() == "disk_store: 2 chunks wait, the first for 31 s");
    store->write_next();
    CHECK(store->check() == "");
    now += 30s;
    CHECK(store->check() == "disk_store: 1 chunks wait, the first for 31 s");
  }

  TEST_CASE_FIXTURE(fault_fixture, "forgets a chunk's pins with the chunk") {
    put({1});
    store->pin(hashes{1}, std::nullopt);
    damage_only_file(header_bytes);
    CHECK(!has(1));
    put({1});
    CHECK(outcomes_of(store->clear(hashes{1})) == outcomes{done});
  }
}
