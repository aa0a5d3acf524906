#include "actors/store/chunk_file.hpp"
#include "net/transport/checksum.hpp"

#include "messages/errors.hpp"
#include "tests/support/temporary_directory.hpp"

#include <cstring>
#include <random>

using namespace kvc;

namespace {

using bytes = std::vector<std::byte>;

chunk_file_header sample_header() {
  return {.identity = {.id = {"vllm-0", 3},
                       .model = "llama",
                       .hashing = {hash_algorithm::sha256_cbor, 64, 77},
                       .format = {"bfloat16", {2, 64, 8}}},
          .chunk = {.hash = 0xABCDEF,
                    .raw_bytes = 1000,
                    .tokens = 64,
                    .codec = codec_id::zstd}};
}

bytes sample_payload() {
  bytes result(37);
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<std::byte>(i * 7);
  return result;
}

struct file_fixture {
  test::temporary_directory directory;
  std::filesystem::path file = directory.path() / "x.chunk";

  bytes write_sample() const {
    REQUIRE(!chunk_file::write(file, sample_header(), sample_payload()));
    return test::bytes_in(file);
  }

  /// Returns what a file of these bytes is refused with; none if it is not.
  caf::error refusal_of(const bytes& content) const {
    test::put_bytes(file, content);
    const auto opened = chunk_file::open(file);
    if (!opened)
      return opened.error();
    bytes payload(opened->header().chunk.encoded_bytes);
    return opened->read(payload);
  }

  /// The same for a header whose checksum fits what was done to it.
  caf::error refusal_of_forged(bytes content, std::size_t header_bytes) const {
    std::memset(content.data() + 16, 0, 8);
    const auto checksum = checksum_of(std::span{content}.first(header_bytes));
    std::memcpy(content.data() + 16, &checksum, 8);
    return refusal_of(content);
  }
};

template <class T>
void patch(bytes& content, std::size_t offset, T value) {
  std::memcpy(content.data() + offset, &value, sizeof(value));
}

const caf::error damaged{errc::invalid_request};

}  // namespace

TEST_SUITE("chunk_file") {
  TEST_CASE_FIXTURE(file_fixture, "reads what was written") {
    write_sample();
    const auto opened = chunk_file::open(file);
    REQUIRE(opened);
    CHECK(opened->header().identity == sample_header().identity);
    auto expected = sample_header().chunk;
    expected.encoded_bytes = 37;
    CHECK(opened->header().chunk == expected);
    bytes payload(37);
    CHECK(!opened->read(payload));
    CHECK(payload == sample_payload());
    CHECK(test::files_below(directory.path()).size() == 1);
  }

  TEST_CASE_FIXTURE(file_fixture, "has the layout that files of old have") {
    const auto content = write_sample();
    REQUIRE(content.size() == 88 + 5 + 6 + 8 + 3 * 4 + 37);
    CHECK(std::memcmp(content.data(), "kvcchunk\1\0\0\0\x77\0\0\0", 16) == 0);
    CHECK(checksum_of(content) == 9'662'231'675'232'902'837U);
  }

  TEST_CASE_FIXTURE(file_fixture, "reads a file that is removed meanwhile") {
    write_sample();
    const auto opened = chunk_file::open(file);
    REQUIRE(opened);
    std::filesystem::remove(file);
    bytes payload(37);
    CHECK(!opened->read(payload));
    CHECK(payload == sample_payload());
  }

  TEST_CASE_FIXTURE(file_fixture, "refuses a file with any bit changed") {
    const auto content = write_sample();
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < content.size(); ++i)
      for (int bit = 0; bit < 8; ++bit) {
        auto changed = content;
        changed[i] ^= std::byte{1} << bit;
        accepted += refusal_of(changed) == damaged ? 0 : 1;
      }
    CHECK(accepted == 0);
    CHECK(!refusal_of(content));
  }

  TEST_CASE_FIXTURE(file_fixture, "refuses a file of any other length") {
    const auto content = write_sample();
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < content.size(); ++size) {
      const bytes cut(content.begin(),
                      content.begin() + static_cast<std::ptrdiff_t>(size));
      accepted += refusal_of(cut) == damaged ? 0 : 1;
    }
    auto longer = content;
    longer.push_back({});
    accepted += refusal_of(longer) == damaged ? 0 : 1;
    CHECK(accepted == 0);
  }

  TEST_CASE_FIXTURE(file_fixture, "refuses garbage") {
    std::mt19937_64 random{20'231'125};
    const auto content = write_sample();
    std::size_t accepted = 0;
    for (int i = 0; i < 2000; ++i) {
      bytes garbage(random() % 6000);
      for (auto& x : garbage)
        x = static_cast<std::byte>(random());
      const auto kept = std::min<std::size_t>(random() % 20, garbage.size());
      std::copy_n(content.begin(), kept, garbage.begin());
      accepted += refusal_of(garbage) == damaged ? 0 : 1;
    }
    CHECK(accepted == 0);
  }

  TEST_CASE_FIXTURE(file_fixture, "refuses sizes before it believes them") {
    const auto content = write_sample();
    constexpr std::size_t header_bytes = 119;
    CHECK(!refusal_of_forged(content, header_bytes));
    auto forged = content;
    SUBCASE("of a payload") { patch(forged, 56, std::uint64_t{1} << 40U); }
    SUBCASE("of a chunk") { patch(forged, 48, (std::uint64_t{1} << 32U) + 1); }
    SUBCASE("of a chunk that is not larger than its encoding") {
      patch(forged, 48, std::uint64_t{37});
    }
    SUBCASE("of a form that is none of ours") {
      patch(forged, 77, std::uint8_t{4});
    }
    SUBCASE("of a model") { patch(forged, 78, std::uint16_t{65'535}); }
    SUBCASE("of a shape") { patch(forged, 84, std::uint32_t{0xFFFF'FFFF}); }
    CHECK(refusal_of_forged(forged, header_bytes) == damaged);
  }

  TEST_CASE_FIXTURE(file_fixture, "reads no payload of another size") {
    write_sample();
    const auto opened = chunk_file::open(file);
    REQUIRE(opened);
    bytes payload(36);
    CHECK(opened->read(payload) == damaged);
  }

  TEST_CASE_FIXTURE(file_fixture, "writes no header that it would not read") {
    auto header = sample_header();
    SUBCASE("with a long model") { header.identity.model.assign(4097, 'x'); }
    SUBCASE("with a long instance") {
      header.identity.id.instance.assign(1025, 'x');
    }
    SUBCASE("with a long dtype") {
      header.identity.format.dtype.assign(49, 'x');
    }
    SUBCASE("with a long shape") { header.identity.format.shape.assign(17, 1); }
    SUBCASE("for another size") { header.chunk.codec = codec_id::none; }
    CHECK(chunk_file::write(file, header, sample_payload()) == damaged);
    CHECK(test::files_below(directory.path()).empty());
  }

  TEST_CASE_FIXTURE(file_fixture, "takes names up to their limits") {
    auto header = sample_header();
    header.identity.model.assign(4096, 'x');
    header.identity.id.instance.assign(1024, 'y');
    header.identity.format.dtype.assign(48, 'z');
    header.identity.format.shape.assign(16, 1);
    REQUIRE(!chunk_file::write(file, header, sample_payload()));
    const auto opened = chunk_file::open(file);
    REQUIRE(opened);
    CHECK(opened->header().identity == header.identity);
  }

  TEST_CASE_FIXTURE(file_fixture, "says which file it cannot open") {
    const auto missing = chunk_file::open(file);
    CHECK(missing == caf::error{errc::io_failed});
    CHECK(describe(missing.error()).find(file.string()) != std::string::npos);
    CHECK(chunk_file::open(directory.path()) == damaged);
    std::filesystem::create_symlink("/dev/null", file);
    CHECK(chunk_file::open(file) == caf::error{errc::io_failed});
  }

  TEST_CASE_FIXTURE(file_fixture, "leaves nothing where it cannot write") {
    const auto away = directory.path() / "no_folder" / "x.chunk";
    CHECK(chunk_file::write(away, sample_header(), sample_payload()) ==
          caf::error{errc::io_failed});
    std::filesystem::create_directory(file);
    CHECK(chunk_file::write(file, sample_header(), sample_payload()) ==
          caf::error{errc::io_failed});
    CHECK(test::files_below(directory.path()).empty());
  }
}
