#include "net/link/handshake.hpp"

#include "messages/registry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>

using namespace kvc;

namespace {

template <class Array>
std::string text(const Array& bytes) {
  return {bytes.begin(), bytes.end()};
}

struct handshake_fixture {
  process_id server = make_process_id("server");
  client_hello hello = make_client_hello(make_process_id("node"));
  server_hello answer = make_server_hello(hello, server, "secret");
  link_proof proof = make_client_proof(hello, answer, "secret");
};

}  // namespace

TEST_SUITE("handshake") {
  TEST_CASE_FIXTURE(handshake_fixture, "convinces both sides") {
    CHECK(is_server_proven(hello, answer, "secret"));
    CHECK(is_client_proven(hello, answer, proof, "secret"));
  }

  TEST_CASE_FIXTURE(handshake_fixture, "fails with another secret") {
    for (const auto* other : {"", "Secret", "secret ", "secre"}) {
      CHECK_FALSE(is_server_proven(hello, answer, other));
      CHECK_FALSE(is_client_proven(hello, answer, proof, other));
    }
  }

  TEST_CASE_FIXTURE(handshake_fixture, "works with an empty secret") {
    answer = make_server_hello(hello, server, {});
    proof = make_client_proof(hello, answer, {});
    CHECK(is_server_proven(hello, answer, ""));
    CHECK(is_client_proven(hello, answer, proof, ""));
    CHECK_FALSE(is_server_proven(hello, answer, "secret"));
  }

  TEST_CASE_FIXTURE(handshake_fixture, "fails if one bit of it changes") {
    for (std::size_t bit = 0; bit < hello.size() * 8; ++bit) {
      auto other = hello;
      other[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      CHECK_FALSE(is_server_proven(other, answer, "secret"));
      CHECK_FALSE(is_client_proven(other, answer, proof, "secret"));
    }
    for (std::size_t bit = preamble_bytes * 8; bit < answer.size() * 8; ++bit) {
      auto other = answer;
      other[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      CHECK_FALSE(is_server_proven(hello, other, "secret"));
    }
    for (std::size_t bit = 0; bit < proof.size() * 8; ++bit) {
      auto other = proof;
      other[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      CHECK_FALSE(is_client_proven(hello, answer, other, "secret"));
    }
  }

  TEST_CASE_FIXTURE(handshake_fixture, "refuses a proof sent back") {
    link_proof mirrored{};
    std::copy(answer.end() - 32, answer.end(), mirrored.begin());
    CHECK_FALSE(is_client_proven(hello, answer, mirrored, "secret"));
  }

  TEST_CASE_FIXTURE(handshake_fixture, "refuses a proof of another time") {
    const auto again = make_server_hello(hello, server, "secret");
    CHECK_FALSE(is_client_proven(hello, again, proof, "secret"));
    const auto next = make_client_hello(make_process_id("node"));
    CHECK_FALSE(is_server_proven(next, answer, "secret"));
  }

  TEST_CASE_FIXTURE(handshake_fixture, "starts with magic and version") {
    const std::string preamble{"kvc\xCA\0\0\0\5", 8};
    REQUIRE(protocol_version == 5);
    CHECK(text(hello).substr(0, 8) == preamble);
    CHECK(text(answer).substr(0, 8) == preamble);
    CHECK(version_in(hello) == 5);
    hello[4] = 0xFE;
    CHECK(version_in(hello) == 0xFE000005);
    CHECK(text(make_version_refusal()) == preamble + std::string(96, '\0'));
  }

  TEST_CASE_FIXTURE(handshake_fixture, "is told apart at any length") {
    for (std::size_t size = 0; size <= hello.size(); ++size)
      CHECK(starts_like_hello(byte_span{hello}.first(size)));
    for (std::size_t wrong = 0; wrong < 4; ++wrong) {
      auto other = hello;
      other[wrong] ^= 1;
      CHECK(starts_like_hello(byte_span{other}.first(wrong)));
      CHECK_FALSE(starts_like_hello(byte_span{other}.first(wrong + 1)));
    }
  }

  TEST_CASE_FIXTURE(handshake_fixture, "names the processes") {
    CHECK(process_in(hello) == make_process_id("node"));
    CHECK(process_in(hello) != make_process_id("other"));
    CHECK(process_in(answer) == server);
  }

  TEST_CASE_FIXTURE(handshake_fixture, "tells the client its address") {
    CHECK(address_in(answer) == address_bytes{});
    address_bytes address{};
    std::iota(address.begin(), address.end(), 1);
    answer = make_server_hello(hello, server, "secret", address);
    CHECK(address_in(answer) == address);
    CHECK(is_server_proven(hello, answer, "secret"));
  }

  TEST_CASE_FIXTURE(handshake_fixture, "tells a farewell from a proof") {
    const auto farewell = make_farewell(hello, answer, "secret");
    CHECK(is_farewell(hello, answer, farewell, "secret"));
    CHECK_FALSE(is_farewell(hello, answer, farewell, "other"));
    CHECK_FALSE(is_farewell(hello, answer, proof, "secret"));
    CHECK_FALSE(is_client_proven(hello, answer, farewell, "secret"));
  }
}
