#pragma once

#include "tests/support/deterministic_system.hpp"
#include "tests/support/idle_worker.hpp"

#include <doctest/doctest.h>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <utility>
#include <vector>

namespace kvc::test {

using byte_buffer = std::vector<char>;

/// Writes messages and reads them as another process would.
struct message_system {
  deterministic_system system;
  worker_actor worker = system.spawn(idle_worker);

  caf::actor_system& get() { return worker->home_system(); }

  /// Returns `x` as another process receives it.
  template <class T>
  T send(T x) {
    byte_buffer buffer;
    caf::binary_serializer sink{get(), buffer};
    auto message = caf::make_message(std::move(x));
    REQUIRE(sink(message) == caf::none);
    caf::binary_deserializer source{get(), buffer};
    caf::message received;
    REQUIRE(source(received) == caf::none);
    REQUIRE(received.match_elements<T>());
    REQUIRE(source.remaining() == 0);
    return received.get_as<T>(0);
  }
};

}  // namespace kvc::test
