#include "apps/kvc/progress.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace kvc;
using namespace std::chrono_literals;

namespace {

nlohmann::ordered_json rank(const char* state, std::uint64_t done,
                            std::uint64_t planned) {
  return {
    {"status", state}, {"chunks_done", done}, {"chunks_planned", planned}};
}

progress progress_with(std::vector<nlohmann::ordered_json> ranks) {
  return progress_of({{"operation", "clear"}, {"workers", std::move(ranks)}});
}

}  // namespace

TEST_SUITE("progress") {
  TEST_CASE("adds the ranks up") {
    const auto state =
      progress_with({rank("running", 3, 8), rank("finished", 2, 2)});
    CHECK(state == progress{"clear", (3.0 / 8 + 1) / 2, 5, 10, 1, 2});
  }

  TEST_CASE("does not shrink when a rank tells late what it has to do") {
    const auto before =
      progress_with({rank("running", 8, 8), rank("running", 0, 0)});
    const auto after =
      progress_with({rank("running", 8, 8), rank("running", 0, 800)});
    CHECK(before.share == 0.5);
    CHECK(after.share == 0.5);
  }

  TEST_CASE("counts ranks as done that have failed") {
    const auto state =
      progress_with({rank("failed", 0, 0), rank("cancelled", 1, 9)});
    CHECK(state.share == 1);
    CHECK(state.ranks_ended == 2);
  }

  TEST_CASE("takes what a broken rank says for no more than all") {
    CHECK(progress_with({rank("running", 9, 8)}).share == 1);
    CHECK(progress_with({}).share == 0);
  }

  TEST_CASE("reads a health event, which has no chunks") {
    const auto state = progress_of(
      {{"operation", "health"},
       {"workers", {{{"status", "running"}}, {{"status", "finished"}}}}});
    CHECK(state == progress{"health", 0.5, 0, 0, 1, 2});
    CHECK(render_line(state) == "health: 1 of 2 ranks done");
  }

  TEST_CASE("makes a line") {
    CHECK(render_line({"clear", 0.5, 5, 10, 1, 2}) ==
          "clear: 5 of 10 chunks, 1 of 2 ranks done");
    CHECK(render_line({"clear", 0, 0, 1, 0, 1}) ==
          "clear: 0 of 1 chunk, 0 of 1 rank done");
  }

  TEST_CASE("fills the width with the bar, up to a limit") {
    const progress half{"pin", 0.5, 4, 8, 0, 2};
    CHECK(render_bar(half, 7s, 55) ==
          "pin [########--------]  50%  4/8 chunks  0/2 ranks  7 s");
    CHECK(render_bar(half, 7s, 200).size() == 39 + 40);
    CHECK(render_bar({"pin", 0, 0, 8, 0, 1}, 0s, 43) ==
          "pin [-----]   0%  0/8 chunks  0/1 rank  0 s");
    CHECK(render_bar({"pin", 1, 8, 8, 1, 1}, 99s, 44) ==
          "pin [#####] 100%  8/8 chunks  1/1 rank  99 s");
  }

  TEST_CASE("shows a full bar only when all is done") {
    const progress almost{"pin", 0.9999, 9999, 10000, 0, 1};
    CHECK(render_bar(almost, 0s, 58).find("#-]  99%") != std::string::npos);
  }

  TEST_CASE("does without the bar, then without the end, on narrow terminals") {
    const progress half{"pin", 0.5, 4, 8, 0, 2};
    CHECK(render_bar(half, 7s, 42) == "pin  50%  4/8 chunks  0/2 ranks  7 s");
    CHECK(render_bar(half, 7s, 9) == "pin  50% ");
    CHECK(render_bar(half, 7s, 0).empty());
  }

  TEST_CASE("never lets the controller drive the terminal") {
    const progress nasty{"\x1b[2J", 0, 0, 0, 0, 0};
    CHECK(render_line(nasty) == "\\x1b[2J: 0 of 0 ranks done");
    CHECK(render_bar(nasty, 0s, 20) == "\\x1b[2J   0%  0/0 ra");
  }
}
