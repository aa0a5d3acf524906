#include "messages/errors.hpp"
#include "tests/support/disk_store_fixture.hpp"

#include <map>

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

namespace {

void damage(const std::filesystem::path& file, std::size_t at) {
  auto content = bytes_in(file);
  content.at(at) ^= std::byte{1};
  put_bytes(file, content);
}

struct recovery_fixture : disk_store_fixture {
  /// All files, with what is in them.
  std::map<std::filesystem::path, bytes> contents() const {
    std::map<std::filesystem::path, bytes> result;
    for (const auto& file : files_below(options.directory))
      result.emplace(file, bytes_in(file));
    return result;
  }

  /// Closes the store and leaves the chunks where earlier versions kept them:
  /// in the directory itself.
  void put_as_earlier(const hashes& names) {
    put(names);
    const auto home = home_of(files().at(0));
    store.reset();
    for (const auto& x : std::filesystem::directory_iterator{home})
      std::filesystem::rename(x, options.directory / x.path().filename());
    std::filesystem::remove(home);
  }
};

}  // namespace

TEST_SUITE("disk_store recovery") {
  TEST_CASE_FIXTURE(disk_store_fixture, "finds its chunks again") {
    put({1, 2});
    put({first_noise});
    REQUIRE(store->recode(1, codec_id::zstd).outcome == done);
    log.take();
    const auto before = store->usage();
    reopen();
    CHECK(log.take().empty());
    CHECK(store->usage().chunks == 3);
    CHECK(store->usage().used_bytes == before.used_bytes);
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 2, first_noise});
    CHECK(has(1));
    CHECK(has(2));
    CHECK(has(first_noise));
    CHECK(store->recode(1, codec_id::zstd).outcome == unchanged);
    CHECK(store->clear(hashes{2})[0] == chunk_change{done, 16, file_bytes, 0});
    CHECK(store->check() == "");
    put({3});
    reopen();
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 3, first_noise});
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "evicts first what was written first") {
    put({3});
    put({1});
    put({4});
    put({2});
    has(3);
    reopen();
    CHECK(eviction_order() == hashes{3, 1, 4, 2});
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "drops the oldest over its capacity") {
    put({3});
    put({1});
    put({4});
    const auto all = files();
    REQUIRE(all.size() == 3);
    const auto past =
      std::filesystem::last_write_time(all[2]) - std::chrono::hours{1};
    std::filesystem::last_write_time(all[2], past);
    options.capacity_bytes = 2 * file_bytes;
    reopen();
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 3});
    CHECK(files().size() == 2);
    options.capacity_bytes = 2 * file_bytes - 1;
    reopen();
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1});
    CHECK(log.take().size() == 3);
    CHECK(quarantined() == 0);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "takes the later of a chunk's files") {
    put({1});
    const auto raw = files().at(0);
    std::filesystem::rename(raw, directory.path() / "raw");
    std::filesystem::copy_file(directory.path() / "raw", raw);
    REQUIRE(store->recode(1, codec_id::zstd).outcome == done);
    std::filesystem::rename(directory.path() / "raw", raw);
    REQUIRE(files().size() == 2);
    reopen();
    CHECK(files().size() == 1);
    CHECK(store->usage().chunks == 1);
    CHECK(store->recode(1, codec_id::zstd).outcome == unchanged);
    CHECK(has(1));
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(recovery_fixture, "leaves other identities' files") {
    put({1, 2});
    const auto before = contents();
    const auto ours = options.identity;
    auto& other = options.identity;
    SUBCASE("of another instance") { other.id.instance = "vllm-1"; }
    SUBCASE("of another rank") { other.id.rank = 4; }
    SUBCASE("of another model") { other.model = "llamb"; }
    SUBCASE("of another algorithm") {
      other.hashing.algorithm = hash_algorithm::builtin;
    }
    SUBCASE("of another chunk size") { other.hashing.chunk_size = 128; }
    SUBCASE("of another none hash") { other.hashing.none_hash = 78; }
    SUBCASE("of another dtype") { other.format.dtype = "float32"; }
    SUBCASE("of another shape") { other.format.shape = {1, 64, 4}; }
    SUBCASE("of another size") { other.bytes_per_token *= 2; }
    reopen();
    CHECK(store->usage().chunks == 0);
    CHECK(store->usage().used_bytes == 0);
    CHECK(store->state().quarantined == 0);
    CHECK(contents() == before);
    CHECK(!has(1));
    put({1});
    CHECK(files().size() == 3);
    options.identity = ours;
    reopen();
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 2});
    CHECK(has(1));
    CHECK(store->usage().used_bytes == 2 * file_bytes);
  }

  TEST_CASE_FIXTURE(recovery_fixture, "adopts what an earlier version wrote") {
    put_as_earlier({1, 2, first_noise});
    damage(files().at(2), 20);
    put_bytes(files().at(0).string() + ".part", bytes(100));
    log.take();
    store = open();
    CHECK(log.take().empty());
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 2});
    CHECK(has(1));
    CHECK(has(2));
    CHECK(quarantined() == 1);
    CHECK(!std::filesystem::exists(options.directory / "00"));
    put({3});
    reopen();
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 2, 3});
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(recovery_fixture, "adopts nothing of another size") {
    put_as_earlier({1, 2});
    const auto before = contents();
    options.identity.bytes_per_token *= 2;
    store = open();
    CHECK(store->usage().chunks == 0);
    CHECK(contents() == before);
    options.identity.bytes_per_token /= 2;
    reopen();
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 2});
  }

  TEST_CASE_FIXTURE(recovery_fixture, "adopts what it has room for") {
    put({1, 2, 3});
    const auto home = home_of(files().at(0));
    std::filesystem::rename(home, directory.path() / "home");
    reopen();
    hashes kept{1, 2, 3};
    SUBCASE("the latest") {
      put_as_earlier({4, 5});
      kept.push_back(5);
    }
    SUBCASE("unless it is at home") { put_as_earlier({4, 2}); }
    std::filesystem::rename(directory.path() / "home", home);
    store = open();
    CHECK(scan_all(*store) ==
          std::set<std::uint64_t>{kept.begin(), kept.end()});
    CHECK(files().size() == kept.size());
    for (const auto name : kept)
      CHECK(has(name));
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(recovery_fixture, "changes no file before it may") {
    put_as_earlier({7});
    const auto earlier = options.directory / "00";
    std::filesystem::rename(earlier, directory.path() / "earlier");
    store = open();
    put({1, 2, 3, 5});
    store.reset();
    damage(files().at(0), 20);
    damage(files().at(2), file_bytes - 1);
    put_bytes(files().at(1).string() + ".part", bytes(100));
    std::filesystem::rename(directory.path() / "earlier", earlier);
    const auto before = contents();
    options.capacity_bytes = 2 * file_bytes;
    options.waits_to_change = true;
    store = open();
    CHECK(scan_all(*store) == std::set<std::uint64_t>{3, 5});
    CHECK(!has(3));
    CHECK(has(5));
    CHECK(offer({4}) == 1);
    CHECK(!store->write_next());
    CHECK(contents() == before);
    CHECK(store->state().quarantined == 0);
    log.take();
    CHECK(!store->allow_changes());
    CHECK(log.take() == changes{{true, 7}});
    CHECK(quarantined() == 2);
    CHECK(store->state().quarantined == 2);
    CHECK(files().size() == 2);
    CHECK(!store->write_next());
    CHECK(log.take() == changes{{false, 5}, {true, 4}});
    CHECK(!store->allow_changes());
    CHECK(files_below(options.directory).size() == 2 + 2 + 1);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "quarantines what is not right") {
    put({1, 2});
    const auto file = files().at(0);
    auto content = bytes_in(file);
    SUBCASE("because its header is damaged") {
      content[20] ^= std::byte{1};
      put_bytes(file, content);
    }
    SUBCASE("because it is cut off") {
      content.pop_back();
      put_bytes(file, content);
    }
    SUBCASE("because it is too long") {
      content.push_back({});
      put_bytes(file, content);
    }
    SUBCASE("because it is empty") { put_bytes(file, {}); }
    SUBCASE("because it is another chunk's") {
      std::filesystem::rename(
        files().at(1),
        file.parent_path() / "0000000000000003-0000000000000009.chunk");
    }
    SUBCASE("because it is in another's folder") {
      const auto other = home_of(file) / "fe";
      std::filesystem::create_directory(other);
      std::filesystem::rename(file, other / file.filename());
    }
    SUBCASE("because of its name") {
      std::filesystem::rename(file, file.parent_path() / "1.chunk");
    }
    SUBCASE("because its generation is no generation") {
      std::filesystem::rename(
        file, file.parent_path() / "0000000000000001-ffffffffffffffff.chunk");
    }
    SUBCASE("because it is no file") {
      std::filesystem::remove(file);
      std::filesystem::create_symlink("/dev/zero", file);
    }
    reopen();
    CHECK(store->usage().chunks == 1);
    CHECK(store->state().quarantined == 1);
    CHECK(quarantined() == 1);
    CHECK(files().size() == 1);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(disk_store_fixture,
                    "keeps quarantine within its capacity") {
    const auto folder = options.directory / "quarantine";
    for (const std::uint64_t first : {1U, 3U, 5U}) {
      put({first, first + 1});
      for (const auto& file : files()) {
        damage(file, 20);
        std::filesystem::last_write_time(
          file, std::filesystem::file_time_type{std::chrono::hours{first}});
      }
      reopen();
    }
    CHECK(quarantined() == 4);
    for (const auto& file : files_below(folder))
      CHECK(file.filename().string()[15] >= '3');
    std::filesystem::create_directory(folder / "notes");
    options.capacity_bytes = 0;
    reopen();
    CHECK(files_below(folder).empty());
    CHECK(std::filesystem::exists(folder / "notes"));
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "finds a damaged payload by reading") {
    put({1, 2});
    auto content = bytes_in(files().at(0));
    content.back() ^= std::byte{1};
    put_bytes(files().at(0), content);
    reopen();
    CHECK(store->usage().chunks == 2);
    log.take();
    CHECK(!has(1));
    CHECK(log.take() == changes{{false, 1}});
    CHECK(has(2));
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "removes what was left unfinished") {
    put({1});
    auto unfinished = files().at(0);
    unfinished += ".part";
    put_bytes(unfinished, bytes(100));
    put_bytes(options.directory / "probe", bytes(100));
    put_bytes(options.directory / "notes.txt", bytes(100));
    reopen();
    CHECK(!std::filesystem::exists(unfinished));
    CHECK(store->check() == "");
    CHECK(!std::filesystem::exists(options.directory / "probe"));
    CHECK(std::filesystem::exists(options.directory / "notes.txt"));
    CHECK(quarantined() == 0);
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "has a directory for itself") {
    const auto second = disk_store::open(options);
    REQUIRE(second == caf::error{errc::invalid_request});
    CHECK(describe(second.error()) == "invalid_request: disk directory " +
                                        options.directory.string() +
                                        ": another store has it");
    put({1});
    CHECK(has(1));
    reopen();
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "refuses what cannot be a directory") {
    options.directory = directory.path() / "file";
    put_bytes(options.directory, bytes(1));
    CHECK(disk_store::open(options) == caf::error{errc::invalid_request});
    options.directory = directory.path() / "file" / "below";
    CHECK(disk_store::open(options) == caf::error{errc::invalid_request});
    options.directory = "";
    CHECK(disk_store::open(options) == caf::error{errc::invalid_request});
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "refuses an identity without room") {
    options.directory = directory.path() / "other";
    options.identity.model.assign(5000, 'x');
    CHECK(disk_store::open(options) == caf::error{errc::invalid_request});
  }
}
