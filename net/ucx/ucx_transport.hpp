#pragma once

#include "net/transport/transport_module.hpp"
#include "net/ucx/endpoint_setup.hpp"
#include "net/ucx/read_client.hpp"
#include "net/ucx/read_server.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace kvc::ucx {

/// The transport over UCX. One thread drives UCX and owns all its objects;
/// other threads queue commands for it.
class ucx_transport : public transport {
 public:
  /// Sets UCX up and starts the thread. Throws setup_failure.
  explicit ucx_transport(const transport_options& options);

  ucx_transport(const ucx_transport&) = delete;
  ucx_transport& operator=(const ucx_transport&) = delete;
  ~ucx_transport() override;

  const std::vector<std::string>& warnings() const { return setup_.warnings; }

  std::span<std::byte> memory() const override { return region_.bytes(); }
  const std::string& address() const override { return address_; }
  std::uint16_t port() const override { return setup_.port; }
  read_id read(read_request request) override;
  void cancel(read_id id) override;
  void stop() override;

 private:
  using command = std::function<void()>;

  template <auto Receive>
  void handle(message_id id);
  void on_read(std::span<const std::byte> header,
               std::span<const std::byte> bytes);
  void on_answer(std::span<const std::byte> header,
                 std::span<const std::byte> bytes);

  bool post(command work);
  bool run_commands();
  void run();
  bool turn();
  void sleep();
  void finish();

  transport_options options_;
  endpoint_setup setup_;
  shared_region region_;
  std::uint64_t incarnation_;
  std::string address_;
  connection_table outgoing_;
  connection_table incoming_;
  read_server server_;
  read_client client_;
  int event_fd_ = -1;

  std::atomic<read_id> last_id_ = 0;
  std::mutex mutex_;
  std::vector<command> commands_;
  bool is_stopping_ = false;
  std::mutex stop_mutex_;
  std::thread thread_;
};

}  // namespace kvc::ucx
