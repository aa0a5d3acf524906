#include "net/transport/stream_copy.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

using namespace kvc;

namespace {

constexpr std::byte untouched{0xEE};

/// Somewhere to copy to, `offset` bytes behind the beginning of a line.
class place {
 public:
  place(std::size_t size, std::size_t offset)
      : lines_((size + offset) / sizeof(line) + 2) {
    const auto all = std::as_writable_bytes(std::span{lines_});
    std::fill(all.begin(), all.end(), untouched);
    before_ = all.first(offset);
    after_ = all.subspan(offset + size);
    bytes_ = all.subspan(offset, size);
  }

  std::span<std::byte> span() const { return bytes_; }

  /// Whether it has those bytes, and nothing around it was written.
  bool holds(std::span<const std::byte> x) const {
    const auto is_untouched = [](auto each) { return each == untouched; };
    return std::equal(bytes_.begin(), bytes_.end(), x.begin(), x.end()) &&
           std::all_of(before_.begin(), before_.end(), is_untouched) &&
           std::all_of(after_.begin(), after_.end(), is_untouched);
  }

 private:
  struct alignas(64) line {
    std::array<std::byte, 64> bytes{};
  };

  std::vector<line> lines_;
  std::span<std::byte> before_;
  std::span<std::byte> bytes_;
  std::span<std::byte> after_;
};

}  // namespace

TEST_SUITE("stream_copy") {
  TEST_CASE("copies all bytes and no more, however they lie") {
    constexpr auto sizes = std::to_array<std::size_t>(
      {0, 1, 63, 64, 65, 127, 128, 1'000, 4'096, 100'003});
    constexpr auto offsets = std::to_array<std::size_t>({0, 1, 16, 63});
    for (const auto size : sizes)
      for (const auto from_offset : offsets)
        for (const auto to_offset : offsets) {
          CAPTURE(size);
          CAPTURE(from_offset);
          CAPTURE(to_offset);
          std::vector<std::byte> from(size + 64);
          for (std::size_t i = 0; i < from.size(); ++i)
            from[i] = static_cast<std::byte>(i * 7 + i / 256);
          const auto source = std::span{from}.subspan(from_offset, size);
          place once{size, to_offset};
          stream_copy(once.span(), source);
          CHECK(once.holds(source));
          place twice{size, to_offset};
          place cached{size, from_offset};
          stream_copy_twice(twice.span(), cached.span(), source);
          end_stream_copies();
          CHECK(twice.holds(source));
          CHECK(cached.holds(source));
        }
  }
}
