#include "net/ucx/peer_address.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace kvc::ucx;

namespace {

constexpr std::uint64_t wire = 0x10d0100110000;

peer_address example() {
  return {.incarnation = 0x1234'5678'9abc'def0,
          .base = 0x7fff'0000'0000,
          .bytes = std::uint64_t{5} << 30U,
          .port = 47'000,
          .worker = std::string(120, 'w'),
          .remote_key = std::string(36, 'k')};
}

/// Changes one bit.
void flip(std::string& x, std::size_t bit) {
  x[bit / 8] =
    static_cast<char>(static_cast<unsigned char>(x[bit / 8]) ^ 1U << bit % 8);
}

}  // namespace

TEST_SUITE("peer_address") {
  TEST_CASE(
    "comes back as it was packed, and no longer than a few hundred bytes") {
    const auto packed = pack(example(), wire);
    CHECK(packed.size() == 56 + 120 + 36);
    CHECK(unpack(packed, wire) == example());
    auto unmapped = example();
    unmapped.remote_key.clear();
    CHECK(unpack(pack(unmapped, wire), wire) == unmapped);
  }

  TEST_CASE("is refused by another version") {
    CHECK(!unpack(pack(example(), wire), wire + 1));
  }

  TEST_CASE("is refused if it is damaged in any way") {
    const auto packed = pack(example(), wire);
    std::mt19937_64 random{11};
    int accepted = 0;
    for (int i = 0; i < 20'000; ++i) {
      auto x = packed;
      switch (i % 4) {
        case 0:
          x.resize(random() % x.size());
          break;
        case 1:
          x += static_cast<char>(random());
          break;
        case 2:
          flip(x, random() % (8 * x.size()));
          break;
        default:
          for (auto at = random() % x.size(); at < x.size(); ++at)
            x[at] = static_cast<char>(random());
      }
      accepted += x != packed && unpack(x, wire) ? 1 : 0;
    }
    CHECK(accepted == 0);
    for (std::size_t bit = 0; bit < 8 * packed.size(); ++bit) {
      auto x = packed;
      flip(x, bit);
      CHECK(!unpack(x, wire));
    }
  }

  TEST_CASE("is refused if it makes no sense, though it is not damaged") {
    for (const auto spoil : std::vector<void (*)(peer_address&)>{
           [](auto& x) { x.bytes = 0; }, [](auto& x) { x.worker.clear(); },
           [](auto& x) { x.worker.resize(1'025); },
           [](auto& x) { x.remote_key.resize(257); },
           [](auto& x) { x.base = ~std::uint64_t{0} - 100; }}) {
      auto x = example();
      spoil(x);
      CHECK(!unpack(pack(x, wire), wire));
    }
    CHECK(!unpack("", wire));
  }
}
