#include "config/option.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

const option_table table{
  {"KVC_"},
  {{"chunk_size", "", "", {}}, {"p2p_init_ports", "", "", {}, {"p2p_port"}}},
  {"local_disk", "nixl_*"},
  {}};

}  // namespace

TEST_SUITE("option") {
  TEST_CASE("finds options by key and by alias") {
    CHECK(table.find("chunk_size") == table.options.data());
    CHECK(table.find("p2p_port") == &table.options[1]);
    CHECK(table.find("chunk_siz") == nullptr);
  }

  TEST_CASE("knows unsupported keys by name and by beginning") {
    CHECK(table.is_unsupported("local_disk"));
    CHECK(table.is_unsupported("nixl_role"));
    CHECK(!table.is_unsupported("local_disks"));
    CHECK(!table.is_unsupported("nixl"));
    CHECK(!table.is_unsupported("chunk_size"));
  }

  TEST_CASE("names the key with the fewest edits") {
    CHECK(table.nearest_to("chunksize") == "chunk_size");
    CHECK(table.nearest_to("p2p_prot") == "p2p_port");
    CHECK(table.nearest_to("locla_disk") == "local_disk");
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
