#include "net/link/link_table.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

using namespace kvc;

namespace {

/// A link that is open, and whose end can be seen.
class open_link {
 public:
  open_link() {
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0);
    link = std::make_shared<adopted_socket>(ends_[0]);
  }

  ~open_link() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  open_link(const open_link&) = delete;
  open_link& operator=(const open_link&) = delete;

  bool is_cut() const {
    char byte = 0;
    return ::recv(ends_[1], &byte, 1, MSG_DONTWAIT) == 0;
  }

  std::shared_ptr<adopted_socket> link;

 private:
  std::array<int, 2> ends_{};
};

/// The tables of two processes that dial each other.
struct table_fixture {
  process_id low{1};
  process_id high{2};
  std::shared_ptr<link_table> lower = std::make_shared<link_table>(low);
  std::shared_ptr<link_table> higher = std::make_shared<link_table>(high);

  /// Lets `table` accept `peer`'s dial and returns its answer.
  static admission answer(link_table& table, const process_id& peer) {
    return table.admit(peer, table.now()).answer;
  }
};

}  // namespace

TEST_SUITE("link table") {
  TEST_CASE_FIXTURE(table_fixture, "gives one place for each process") {
    const auto place = lower->claim(high);
    CHECK(place);
    CHECK(lower->is_taken(high));
    CHECK_FALSE(lower->claim(high));
    CHECK(lower->claim(process_id{3}));
    CHECK_FALSE(lower->claim(low));
  }

  TEST_CASE_FIXTURE(table_fixture, "gets a place back that is not used") {
    lower->claim(high).reset();
    CHECK_FALSE(lower->is_taken(high));
    CHECK(lower->claim(high));
    lower->admit(high, lower->now()).place.reset();
    CHECK_FALSE(lower->is_taken(high));
  }

  TEST_CASE_FIXTURE(table_fixture, "lets the lower process's dial go first") {
    const auto lowers = lower->claim(high);
    const auto highers = higher->claim(low);
    CHECK(answer(*lower, high) == admission::duplicate);
    CHECK(answer(*higher, low) == admission::granted);
    CHECK(lowers->confirm());
    CHECK_FALSE(highers->confirm());
  }

  TEST_CASE_FIXTURE(table_fixture,
                    "keeps its link from a dial that crossed it") {
    const open_link socket;
    const auto before = lower->now();  // The peer's hello is answered.
    lower->claim(high)->fill(socket.link);
    CHECK(lower->admit(high, before).answer == admission::duplicate);
    CHECK_FALSE(socket.is_cut());
  }

  TEST_CASE_FIXTURE(table_fixture, "gives up a link that its peer replaces") {
    const open_link socket;
    lower->claim(high)->fill(socket.link);
    CHECK(answer(*lower, high) == admission::later);
    CHECK(socket.is_cut());
    const open_link peers;
    higher->admit(low, higher->now()).place->fill(peers.link);
    CHECK(answer(*higher, low) == admission::later);
    CHECK(peers.is_cut());
  }

  TEST_CASE_FIXTURE(table_fixture, "takes one dial of a peer after the other") {
    const auto first = higher->admit(low, higher->now());
    CHECK(first.answer == admission::granted);
    CHECK(answer(*higher, low) == admission::later);
    CHECK_FALSE(higher->claim(low));
  }

  TEST_CASE_FIXTURE(table_fixture,
                    "makes a peer's dial wait for a confirmed one") {
    const auto place = higher->claim(low);
    CHECK(place->confirm());
    CHECK(answer(*higher, low) == admission::later);
  }

  TEST_CASE_FIXTURE(table_fixture, "keeps the link when its place ends") {
    const open_link socket;
    auto place = lower->claim(high);
    CHECK(place->confirm());
    place->fill(socket.link);
    place.reset();
    CHECK(lower->is_taken(high));
    CHECK(lower->link_of(high) == socket.link);
    CHECK_FALSE(lower->link_of(process_id{3}));
    lower->cut_all();
    CHECK(socket.is_cut());
  }

  TEST_CASE_FIXTURE(table_fixture, "gives the place of a closed link again") {
    lower->claim(high)->fill(std::make_shared<adopted_socket>(-1));
    CHECK_FALSE(lower->is_taken(high));
    CHECK(lower->claim(high));
  }
}
