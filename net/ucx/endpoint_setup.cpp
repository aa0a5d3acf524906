#include "net/ucx/endpoint_setup.hpp"

#include "net/ucx/network_device.hpp"
#include "net/ucx/wire_messages.hpp"

#include <sys/statvfs.h>

#include <optional>

namespace kvc::ucx {

namespace {

/// How much TCP sends at once: a piece and its headers. Two peers with
/// different values would make each other abort.
constexpr std::uint64_t segment_bytes =
  piece_bytes + (std::uint64_t{64} << 10U);

/// Raised whenever the messages between peers change.
constexpr std::uint64_t protocol = 2;

constexpr int port_attempts = 16;

std::uint64_t wire_id() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  ucp_get_version(&major, &minor, &release);
  const auto version = std::uint64_t{major} << 16U |
                       std::uint64_t{minor} << 8U | std::uint64_t{release};
  return version << 32U | protocol << 24U | segment_bytes;
}

/// Returns why the memory cannot be shared; empty if it can.
std::string why_not_shared(std::uint64_t bytes) {
  constexpr auto* folder = "/dev/shm";
  struct statvfs found {};
  if (::statvfs(folder, &found) != 0)
    return std::string{folder} + " is missing";
  const auto free = std::uint64_t{found.f_bavail} * found.f_frsize;
  if (free >= bytes)
    return {};
  return std::string{folder} + " has " + std::to_string(free) + " of the " +
         std::to_string(bytes) + " bytes";
}

config_handle make_config(const transport_options& options,
                          const network_device& device, std::uint16_t port,
                          bool shares_memory) {
  ucp_config_t* raw = nullptr;
  check(ucp_config_read(nullptr, nullptr, &raw), "read the configuration");
  config_handle result{raw};
  const auto set = [&](const char* key, const std::string& value) {
    check(ucp_config_modify(raw, key, value.c_str()), key);
  };
  set("TLS", shares_memory ? "posix,cma,tcp" : "tcp");
  set("NET_DEVICES", device.name);
  set("AF_PRIO", device.families);
  set("PORT_RANGE", std::to_string(port) + "-" + std::to_string(port));
  set("RX_SEG_SIZE", std::to_string(segment_bytes));
  // Send copies of our bytes, not the bytes themselves: UCX 1.13.1 completes an
  // uncopied send that fails half-way twice, and aborts (docs/ucx.md).
  set("ZCOPY_THRESH", "inf");
  set("TX_SEG_SIZE", std::to_string(segment_bytes));
  set("KEEPALIVE_INTERVAL", std::to_string(options.keepalive.count()) + "ms");
  if (shares_memory) {
    // Without them, UCX uses no shared memory while it watches for lost peers.
    set("MM_ERROR_HANDLING", "y");
    set("MEMORY_INVALIDATE", "y");
  }
  return result;
}

void open_context(endpoint_setup& setup, const config_handle& config) {
  ucp_params_t params{};
  params.field_mask = UCP_PARAM_FIELD_FEATURES;
  params.features = UCP_FEATURE_AM | UCP_FEATURE_WAKEUP;
  if (setup.shares_memory)
    params.features |= UCP_FEATURE_RMA;  // For mapping; nobody gets or puts.
  ucp_context_h context = nullptr;
  check(ucp_init(&params, config.get(), &context), "initialise UCX");
  setup.context.reset(context);
}

/// Returns false if the port is busy.
bool open_worker(endpoint_setup& setup) {
  ucp_worker_params_t params{};
  params.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
  params.thread_mode = UCS_THREAD_MODE_SERIALIZED;
  ucp_worker_h worker = nullptr;
  const auto status = ucp_worker_create(setup.context.get(), &params, &worker);
  if (status == UCS_ERR_BUSY)
    return false;
  check(status, "create a UCX worker");
  setup.worker.reset(worker);
  return true;
}

}  // namespace

endpoint_setup set_up(const transport_options& options) {
  endpoint_setup setup;
  setup.wire = wire_id();
  const auto device = find_device(options.host);
  if (!device.error.empty())
    throw setup_failure{device.error};
  setup.shares_memory = options.allow_shared_memory;
  if (const auto reason = why_not_shared(options.memory_bytes);
      setup.shares_memory && !reason.empty()) {
    setup.warnings.push_back(reason +
                             ": peers on this host copy over TCP, too");
    setup.shares_memory = false;
  }
  for (int i = 0; i < port_attempts; ++i) {
    // UCX does not tell which port it took, so it gets no choice.
    setup.port = probe_port(device, i == 0 ? options.port : 0);
    if (setup.port != 0) {
      open_context(
        setup, make_config(options, device, setup.port, setup.shares_memory));
      if (open_worker(setup))
        return setup;
    }
    if (i == 0 && options.port != 0)
      setup.warnings.push_back("port " + std::to_string(options.port) +
                               " is busy: the system chooses another");
  }
  throw setup_failure{"no free port at " + device.address.text()};
}

}  // namespace kvc::ucx
