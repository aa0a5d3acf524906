#include "tests/support/loopback_transport.hpp"
#include "net/transport/checksum.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace kvc;

namespace {

struct fixture {
  // Before the transports: they end what is running when they are destroyed.
  std::optional<read_result> result;
  int drained = 0;

  loopback_network network;
  std::unique_ptr<transport> owner = network.make_transport(4'096);
  std::unique_ptr<transport> reader = network.make_transport(4'096);
  std::shared_ptr<const std::string> peer =
    std::make_shared<std::string>(owner->address());

  fixture() {
    std::uint8_t next = 0;
    for (auto& x : owner->memory())
      x = static_cast<std::byte>(next += 7);
  }

  transport::read_id start(std::vector<remote_span> spans) {
    return reader->read({.peer = peer,
                         .spans = std::move(spans),
                         .on_done =
                           [this](read_result x) {
                             CHECK(!result);
                             CHECK(drained == 0);
                             result = std::move(x);
                           },
                         .on_drained = [this] { ++drained; }});
  }

  bool is_copied(const remote_span& x) const {
    const auto from = owner->memory().subspan(x.remote_offset, x.length);
    const auto to = reader->memory().subspan(x.local_offset, x.length);
    return std::equal(from.begin(), from.end(), to.begin());
  }

  std::uint64_t checksum(std::uint64_t offset, std::uint64_t length) const {
    return checksum_of(owner->memory().subspan(offset, length));
  }

  read_status status() const {
    REQUIRE(result);
    return result->status;
  }

  using outcomes = std::vector<span_outcome>;
};

constexpr auto missing = span_outcome::missing;
constexpr auto copied = span_outcome::copied;
constexpr auto corrupt = span_outcome::corrupt;

const std::vector<remote_span> two_spans{{0, 1'000, 500}, {3'996, 0, 100}};

}  // namespace

TEST_SUITE("loopback_transport") {
  TEST_CASE_FIXTURE(fixture, "copies span by span when it is stepped") {
    start(two_spans);
    CHECK(!is_copied(two_spans[0]));
    CHECK(network.run_one());
    CHECK(is_copied(two_spans[0]));
    CHECK(!is_copied(two_spans[1]));
    CHECK(!result);
    CHECK(network.run_all() == 1);
    CHECK(is_copied(two_spans[1]));
    CHECK(status() == read_status::done);
    CHECK(result->spans == outcomes{copied, copied});
    CHECK(result->bytes == 600);
    CHECK(drained == 1);
    CHECK(network.pending() == 0);
    CHECK(!network.run_one());
  }

  TEST_CASE_FIXTURE(fixture, "takes turns between reads") {
    start(two_spans);
    bool is_done = false;
    reader->read({.peer = peer,
                  .spans = {{0, 0, 1}},
                  .on_done = [&](const auto&) { is_done = true; },
                  .on_drained = {}});
    network.run_one();
    network.run_one();
    CHECK(is_done);
    CHECK(!result);
  }

  TEST_CASE_FIXTURE(fixture, "finds bytes that are not the promised ones") {
    network.corrupt_next(1);
    start({{0, 0, 64, checksum(0, 64)}, {64, 64, 64, checksum(64, 64)}});
    network.run_all();
    CHECK(status() == read_status::done);
    CHECK(result->spans == outcomes{corrupt, copied});
    CHECK(result->bytes == 64);
  }

  TEST_CASE_FIXTURE(fixture, "refuses spans outside of either memory") {
    for (const auto& bad : std::vector<remote_span>{{4'096, 0, 1},
                                                    {0, 4'096, 1},
                                                    {1, 0, 4'096},
                                                    {0, 1, 4'096},
                                                    {~0ULL, 0, 2},
                                                    {0, ~0ULL, 2},
                                                    {0, 0, 0}}) {
      result.reset();
      drained = 0;
      start({{0, 0, 64}, bad});
      network.run_all();
      CHECK(status() == read_status::out_of_bounds);
      CHECK(result->spans == outcomes{missing, missing});
      CHECK(!is_copied({0, 0, 64}));
      CHECK(drained == 1);
    }
  }

  TEST_CASE_FIXTURE(fixture, "knows damaged and dead addresses") {
    peer = std::make_shared<std::string>("damaged");
    start(two_spans);
    network.run_all();
    CHECK(status() == read_status::bad_address);
    result.reset();
    drained = 0;
    peer = std::make_shared<std::string>(owner->address());
    owner.reset();
    start(two_spans);
    network.run_all();
    CHECK(status() == read_status::unreachable);
    CHECK(network.make_transport(1)->address() != *peer);
  }

  TEST_CASE_FIXTURE(fixture, "loses a peer in the middle") {
    start(two_spans);
    network.run_one();
    network.lose(*peer);
    network.run_all();
    CHECK(status() == read_status::unreachable);
    CHECK(result->spans == outcomes{copied, missing});
    CHECK(result->bytes == 500);
    CHECK(drained == 1);
  }

  TEST_CASE_FIXTURE(fixture, "holds a peer and lets it go on") {
    network.hold(*peer);
    start(two_spans);
    CHECK(network.run_all() == 0);
    network.release(*peer);
    network.run_all();
    CHECK(status() == read_status::done);
  }

  TEST_CASE_FIXTURE(fixture, "writes late after the soft deadline") {
    network.hold(*peer);
    start(two_spans);
    network.pass_soft_deadlines();
    CHECK(status() == read_status::timed_out);
    CHECK(result->spans == outcomes{missing, missing});
    CHECK(network.run_all() == 0);
    CHECK(drained == 0);
    network.release(*peer);
    CHECK(network.run_all() == 1);
    CHECK(is_copied(two_spans[0]));
    CHECK(!is_copied(two_spans[1]));
    CHECK(drained == 1);
  }

  TEST_CASE_FIXTURE(fixture, "drains at the hard deadline at the latest") {
    network.hold(*peer);
    start(two_spans);
    network.pass_soft_deadlines();
    network.pass_hard_deadlines();
    CHECK(status() == read_status::timed_out);
    CHECK(drained == 1);
    result.reset();
    drained = 0;
    start(two_spans);
    network.pass_hard_deadlines();
    CHECK(status() == read_status::unreachable);
    CHECK(drained == 1);
    CHECK(network.pending() == 0);
  }

  TEST_CASE_FIXTURE(fixture, "waits for a deadline when an answer is lost") {
    network.drop_next(1);
    start(two_spans);
    CHECK(network.run_all() == 1);
    CHECK(!result);
    network.pass_soft_deadlines();
    CHECK(status() == read_status::timed_out);
    network.run_all();
    CHECK(!is_copied(two_spans[0]));
    CHECK(drained == 1);
  }

  TEST_CASE_FIXTURE(fixture, "cancels once, of one's own") {
    const auto id = start(two_spans);
    owner->cancel(id);
    CHECK(!result);
    reader->cancel(id);
    reader->cancel(id);
    CHECK(status() == read_status::cancelled);
    CHECK(drained == 0);
    network.run_all();
    CHECK(drained == 1);
    reader->cancel(id);
  }

  TEST_CASE_FIXTURE(fixture, "ends everything when it stops") {
    start(two_spans);
    reader->stop();
    CHECK(status() == read_status::cancelled);
    CHECK(drained == 1);
    result.reset();
    drained = 0;
    start(two_spans);
    CHECK(status() == read_status::cancelled);
    CHECK(drained == 1);
    CHECK(reader->memory().size() == 4'096);
  }

  TEST_CASE_FIXTURE(fixture, "fails as it is told") {
    network.fail_next(1, read_status::too_busy);
    start(two_spans);
    CHECK(!result);
    network.run_all();
    CHECK(status() == read_status::too_busy);
    CHECK(result->bytes == 0);
  }

  TEST_CASE_FIXTURE(fixture, "ends a read of nothing at once") {
    start({});
    CHECK(network.run_all() == 1);
    CHECK(status() == read_status::done);
  }

  TEST_CASE("names every status") {
    CHECK(to_string(read_status::done) == "done");
    CHECK(to_string(read_status::bad_address) == "bad_address");
    CHECK(to_string(read_status::out_of_bounds) == "out_of_bounds");
    CHECK(to_string(read_status::unreachable) == "unreachable");
    CHECK(to_string(read_status::timed_out) == "timed_out");
    CHECK(to_string(read_status::cancelled) == "cancelled");
    CHECK(to_string(read_status::too_busy) == "too_busy");
  }
}
