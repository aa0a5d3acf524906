#include "tests/wire/ucx/ucx_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint64_t seed = 1;
constexpr std::uint64_t bytes = 16 * mega;

/// Two transports of this process.
struct pair {
  explicit pair(bool is_shared)
      : owner(open({.memory_bytes = bytes, .allow_shared_memory = is_shared})),
        reader(open({.memory_bytes = bytes, .allow_shared_memory = is_shared})),
        peer(address_of(*owner)) {
    fill(owner->memory(), seed);
  }

  started_read read(std::vector<remote_span> spans) {
    return start(*reader, peer, std::move(spans));
  }

  std::unique_ptr<transport> owner;
  std::unique_ptr<transport> reader;
  std::shared_ptr<const std::string> peer;
};

}  // namespace

TEST_SUITE("ucx_transport") {
  TEST_CASE("copies every byte") {
    for (const auto is_shared : {true, false}) {
      CAPTURE(is_shared);
      pair both{is_shared};
      for (const auto length : {bytes, 4 * mega, mega, mega / 16}) {
        CAPTURE(length);
        std::fill(both.reader->memory().begin(), both.reader->memory().end(),
                  std::byte{0});
        auto spans = reversed_spans(bytes, length);
        add_checksums(spans, seed, bytes);
        const auto read = both.read(spans);
        const auto result = read.result();
        CHECK(result.status == read_status::done);
        CHECK(result.bytes == bytes);
        CHECK(std::count(result.spans.begin(), result.spans.end(),
                         span_outcome::copied) ==
              static_cast<std::ptrdiff_t>(spans.size()));
        CHECK(are_copied(*both.reader, seed, spans));
        CHECK(read.out->drains());
        CHECK(read.out->mistakes() == 0);
      }
    }
  }
}
