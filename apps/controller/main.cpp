#include "apps/node/controller_node.hpp"
#include "apps/node/process.hpp"
#include "apps/node/reload.hpp"
#include "config/load.hpp"
#include "messages/build_version.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/repeated_log.hpp"
#include "messages/standard_streams.hpp"

#include <iostream>

namespace {

constexpr int usage_error = 2;
constexpr std::chrono::milliseconds stop_patience{1'900};

}  // namespace

int main(int argc, char** argv) {
  kvc::open_standard_streams();
  auto line = kvc::read_command_line(argc, argv);
  line.program = "kvc-controller";
  line.summary = "Knows which worker holds which chunk of KV cache.";
  line.version = kvc::version_line(line.program, kvc::this_build());
  auto loaded = kvc::load_controller_options(line);
  if (!loaded.help.empty()) {
    std::cout << loaded.help;
    return 0;
  }
  for (const auto& error : loaded.errors)
    std::cerr << "kvc-controller: " << error << '\n';
  if (!loaded.errors.empty())
    return usage_error;
  kvc::start_logging(loaded.options.log_level);
  for (const auto& warning : loaded.warnings)
    spdlog::warn("controller: {}", warning);
  kvc::raise_file_limit();
  const kvc::process_end end{stop_patience};
  auto node =
    kvc::controller_node::start(loaded.options, [end] { end.fail(); });
  if (!node) {
    spdlog::critical("controller: not started reason={}",
                     kvc::describe(node.error()));
    return 1;
  }
  const auto& host = loaded.options.host;
  spdlog::info("controller: started http={} link={}",
               to_string(kvc::host_and_port{host, (*node)->http_port()}),
               to_string(kvc::host_and_port{host, (*node)->link_port()}));
  const auto exit_code = end.wait([&] {
    kvc::reload("controller", kvc::load_controller_options(line),
                loaded.options, **node);
  });
  spdlog::info("controller: stopping");
  (*node)->stop();
  kvc::end_repeated();
  spdlog::info("controller: stopped");
  return exit_code;
}
