#include "apps/node/process.hpp"
#include "apps/node/reload.hpp"
#include "apps/worker/work.hpp"
#include "messages/build_version.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/repeated_log.hpp"
#include "messages/standard_streams.hpp"
#include "net/transport/transport_module.hpp"

#include <iostream>
#include <thread>

namespace {

constexpr int usage_error = 2;
constexpr std::chrono::milliseconds stop_patience{1'900};

/// Reads the settings again. The flags that are no settings stay as they are.
kvc::loaded<kvc::worker_options> load_again(kvc::command_line line) {
  kvc::worker_flags unused;
  line.flags = unused.describe();
  return kvc::load_worker_options(line);
}

/// Hosts the ranks and works until a signal, or until it is done and was told
/// to leave then. Returns the exit code.
int run(const kvc::command_line& line, const kvc::worker_flags& flags,
        kvc::worker_options settings) {
  if (settings.enable_p2p)
    kvc::prepare_transport();  // While there is one thread; start() complains.
  const kvc::process_end end{stop_patience};
  const auto options = flags.node_options(settings);
  auto node = kvc::worker_node::start(options, [end] { end.fail(); });
  if (!node) {
    spdlog::critical("worker: not started reason={}",
                     kvc::describe(node.error()));
    return 1;
  }
  spdlog::info("worker: started instance={} ranks={}",
               options.ranks.front().instance, options.ranks.size());
  std::jthread working{[&](const std::stop_token& stop) {
    const auto done = kvc::work(**node, flags, options, stop);
    if (!done) {
      spdlog::critical("worker: stopped reason={}",
                       kvc::describe(done.error()));
      end.fail();
    } else if (flags.leaves_when_done) {
      end.request();
    }
  }};
  const auto exit_code = end.wait(
    [&] { kvc::reload("worker", load_again(line), settings, **node); });
  spdlog::info("worker: stopping");
  working.request_stop();
  working.join();
  (*node)->stop();
  kvc::end_repeated();
  spdlog::info("worker: stopped");
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  kvc::open_standard_streams();
  kvc::worker_flags flags;
  auto line = kvc::read_command_line(argc, argv);
  line.program = "kvc-worker";
  line.summary = "Hosts ranks: a KV cache each, linked to the controller.";
  line.version = kvc::version_line(line.program, kvc::this_build());
  line.flags = flags.describe();
  const auto loaded = kvc::load_worker_options(line);
  if (!loaded.help.empty()) {
    std::cout << loaded.help;
    return 0;
  }
  auto errors = loaded.errors;
  const auto conflicts =
    flags.conflicts_with(errors.empty() ? &loaded.options : nullptr);
  errors.insert(errors.end(), conflicts.begin(), conflicts.end());
  for (const auto& error : errors)
    std::cerr << "kvc-worker: " << error << '\n';
  if (!errors.empty())
    return usage_error;
  kvc::start_logging(loaded.options.log_level);
  for (const auto& warning : loaded.warnings)
    spdlog::warn("worker: {}", warning);
  kvc::raise_file_limit();
  return run(line, flags, loaded.options);
}
