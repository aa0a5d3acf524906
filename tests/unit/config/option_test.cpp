#include "config/option.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace kvc;

namespace {

constexpr std::array<std::string_view, 2> unsupported{"local_disk", "nixl_*"};

const option_table table{
  "KVC_",
  {{"chunk_size", "", "", {}}, {"p2p_init_ports", "", "", {}, {"p2p_port"}}},
  unsupported};

}  // namespace

TEST_SUITE("option") {
  TEST_CASE("finds options by key and by alias") {
    CHECK(find_option(table, "chunk_size") == table.options.data());
    CHECK(find_option(table, "p2p_port") == &table.options[1]);
    CHECK(find_option(table, "chunk_siz") == nullptr);
  }

  TEST_CASE("knows unsupported keys by name and by beginning") {
    CHECK(is_unsupported(table, "local_disk"));
    CHECK(is_unsupported(table, "nixl_role"));
    CHECK(!is_unsupported(table, "local_disks"));
    CHECK(!is_unsupported(table, "nixl"));
    CHECK(!is_unsupported(table, "chunk_size"));
  }

  TEST_CASE("names the key with the fewest edits") {
    CHECK(nearest_key(table, "chunksize") == "chunk_size");
    CHECK(nearest_key(table, "p2p_prot") == "p2p_port");
    CHECK(nearest_key(table, "locla_disk") == "local_disk");
    CHECK(nearest_name({"abc", "abd"}, "abd") == "abd");
    CHECK(nearest_name({"kitten", "saturday"}, "sunday") == "saturday");
    CHECK(nearest_name({"aa"}, std::string(100'000, 'a')) == "aa");
  }

  TEST_CASE("quotes short, printable text") {
    CHECK(in_quotes("abc") == "\"abc\"");
    CHECK(in_quotes("a\n\x1b[2Jb") == "\"a??[2Jb\"");
    CHECK(in_quotes(std::string(61, 'x')) ==
          "\"" + std::string(60, 'x') + "...\"");
  }
}
