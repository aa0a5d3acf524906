#pragma once

#include "net/ucx/connection_table.hpp"
#include "net/ucx/shared_region.hpp"
#include "net/ucx/wire_messages.hpp"

#include <span>
#include <string>
#include <vector>

namespace kvc::ucx {

/// Answers the reads of peers that cannot map our memory. For the thread that
/// drives UCX.
class read_server {
 public:
  read_server(const shared_region& region, connection_table& connections,
              std::uint64_t wire);

  /// Takes a request from UCX, for serve() to answer.
  void receive(std::span<const std::byte> header,
               std::span<const std::byte> data);

  /// Answers the requests that can be answered now.
  void serve();

  /// Returns whether some requests could not be answered yet.
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
