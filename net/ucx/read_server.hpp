#pragma once

#include "net/ucx/connection_table.hpp"
#include "net/ucx/shared_region.hpp"
#include "net/ucx/wire_messages.hpp"

#include <span>
#include <string>
#include <vector>

namespace kvc::ucx {

/// Answers the reads of peers that cannot map our memory. For the thread that
/// drives the worker.
class read_server {
 public:
  read_server(const shared_region& region, connection_table& connections,
              std::uint64_t wire);

  /// Takes a request as UCX delivers it; serve() answers it.
  void receive(std::span<const std::byte> header,
               std::span<const std::byte> data);

  /// Answers what was received.
  void serve();

  /// Whether some could not be answered yet.
  bool is_waiting() const { return !requests_.empty(); }

 private:
  struct request {
    read_message message;
    std::string peer;
  };

  bool answer(const request& x);

  const shared_region& region_;
  connection_table& connections_;
  std::uint64_t wire_;
  std::vector<request> requests_;
};

}  // namespace kvc::ucx
