#include "config/option.hpp"
#include "tests/unit/config/load_fixture.hpp"

#include <doctest/doctest.h>
#include <yaml-cpp/yaml.h>

using namespace kvc;
using test::load_fixture;

namespace {

/// Checks that the sample has each key of the table, and with its default.
void check_keys(const option_table& table, const std::string& path) {
  const auto sample = YAML::LoadFile(path);
  CHECK(sample.size() == table.options.size());
  for (const auto& entry : table.options)
    CHECK_MESSAGE(sample[entry.key].IsDefined(), entry.key);
}

}  // namespace

TEST_SUITE("samples") {
  TEST_CASE_FIXTURE(load_fixture, "config/worker.yaml has every default") {
    line.arguments = {"--config", "config/worker.yaml"};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    CHECK(result.options == worker_options{});
    worker_options unused;
    check_keys(table_of(unused), "config/worker.yaml");
  }

  TEST_CASE_FIXTURE(load_fixture, "config/controller.yaml has every default") {
    line.arguments = {"--config", "config/controller.yaml"};
    const auto result = load_controller();
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    CHECK(result.options == controller_options{});
    controller_options unused;
    check_keys(table_of(unused), "config/controller.yaml");
  }
}
