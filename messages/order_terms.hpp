#pragma once

#include "messages/fwd.hpp"

#include <chrono>
#include <cstdint>

namespace kvc {

/// For which registration of a worker an order is meant, and until when the
/// worker may begin something for it.
struct order_terms {
  std::uint64_t controller_id = 0;  ///< Where the worker is registered.
  std::uint64_t epoch = 0;          ///< Of the worker's registration there.

  /// By the boot clock of that controller.
  std::chrono::microseconds not_after{0};

  friend bool operator==(const order_terms&, const order_terms&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, order_terms& x) {
    return f(caf::meta::type_name("order_terms"), x.controller_id, x.epoch,
             x.not_after);
  }
};

}  // namespace kvc
