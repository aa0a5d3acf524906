#pragma once

#include "config/controller_options.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace kvc {

/// A whole controller: registry, index, executor, link port and HTTP port.
class controller_node {
 public:
  /// Starts it. `on_failure` is called, by any thread, if a part that the
  /// controller cannot live without has died. Fails with invalid_request or
  /// unreachable if a port cannot be opened.
  static caf::expected<std::unique_ptr<controller_node>> start(
    const controller_options& options, const std::function<void()>& on_failure);

  ~controller_node();  ///< Stops.

  controller_node(const controller_node&) = delete;
  controller_node& operator=(const controller_node&) = delete;

  std::uint16_t http_port() const;
  std::uint16_t link_port() const;

  /// Takes another secret for links to come; those that are up stay.
  void set_secret(const std::string& secret);

  /// Lets running requests finish for a second, then ends everything.
  void stop();

 private:
  struct parts;

  explicit controller_node(std::unique_ptr<parts> running);

  std::unique_ptr<parts> parts_;
};

}  // namespace kvc
