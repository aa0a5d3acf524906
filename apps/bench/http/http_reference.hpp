#pragma once

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace kvc {

/// For benchmarks: a bare Beast server on 127.0.0.1, which reads each request
/// and answers the same body, whatever was asked. What it reaches is the limit
/// for any HTTP server made of Beast.
class http_reference {
 public:
  /// `threads` serve, each its own connections. Fails with unreachable.
  static caf::expected<http_reference> start(std::string answer,
                                             std::size_t threads);

  http_reference(http_reference&& other) noexcept;
  ~http_reference();  ///< Stops.

  std::uint16_t port() const;

  /// Returns the processor time that its threads have used so far.
  double cpu_seconds() const;

 private:
  class impl;

  explicit http_reference(std::unique_ptr<impl> running);

  std::unique_ptr<impl> impl_;
};

}  // namespace kvc
