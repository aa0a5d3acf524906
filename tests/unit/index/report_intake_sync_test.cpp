#include "tests/unit/index/intake_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

TEST_SUITE("report_intake: full sync") {
  TEST_CASE_FIXTURE(open_fixture, "shows the first sync while it fills") {
    CHECK(status_of(index, live).syncing_streams == 1);
    apply(syncing(1, {1}));
    CHECK(held() == keys{1});
    CHECK(status_of(index, live).syncing_streams == 1);
    apply(ending(2, {2}));
    CHECK(held() == keys{1, 2});
    CHECK(status_of(index, live).syncing_streams == 0);
  }

  TEST_CASE_FIXTURE(synced_fixture,
                    "shows the old state until the end marker") {
    apply(syncing(2, {2}));
    apply(admitting(3, {3}));
    CHECK(held() == keys{1, 2, 3});
    CHECK(status_of(index, live).syncing_streams == 1);
    apply(ending(4, {4}));
    CHECK(held() == keys{2, 3, 4});
    CHECK(status_of(index, live).syncing_streams == 0);
    sweep_all(index);
    CHECK(memberships() == 3);
  }

  TEST_CASE_FIXTURE(synced_fixture,
                    "forgets what a restarted sync had filled") {
    apply(syncing(2, {5, 6}));
    apply(syncing(3, {7}));
    CHECK(held() == keys{1, 2, 7});
    apply(ending(4, {}));
    CHECK(held() == keys{7});
    sweep_all(index);
    CHECK(memberships() == 1);
  }

  TEST_CASE_FIXTURE(synced_fixture, "repairs a gap within a sync") {
    apply(syncing(2, {5}));
    CHECK(apply(ending(4, {6})) == report_status::needs_sync);
    CHECK(held() == keys{1, 2, 5});
    apply(syncing(5, {5, 6, 7}, true));
    CHECK(held() == keys{5, 6, 7});
  }

  TEST_CASE_FIXTURE(synced_fixture, "ends with an empty sync") {
    CHECK(apply(syncing(2, {}, true)) == report_status::applied);
    CHECK(held().empty());
    CHECK(status_of(index, live).streams == 1);
  }

  TEST_CASE_FIXTURE(synced_fixture, "applies changes behind a sync to it") {
    apply(syncing(2, {1, 2, 3}, true));
    apply(evicting(3, {2}));
    apply(admitting(4, {9}));
    CHECK(held() == keys{1, 3, 9});
  }

  TEST_CASE_FIXTURE(synced_fixture, "ignores an end that nothing began") {
    CHECK(apply(ending(2, {3})) == report_status::applied);
    CHECK(held() == keys{1, 2, 3});
  }

  TEST_CASE_FIXTURE(synced_fixture,
                    "counts the old state until the end marker") {
    apply(syncing(2, {5}));
    CHECK(count_keys(index, live)[0] == key_count{2, 0});
    apply(ending(3, {}));
    CHECK(count_keys(index, live)[0] == key_count{1, 0});
  }
}
