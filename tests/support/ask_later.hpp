#pragma once

#include "tests/support/deterministic_system.hpp"

#include <caf/event_based_actor.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace kvc::test {

/// A question's answer, when it has come.
template <class Reply>
struct answer_box {
  std::optional<Reply> value;
  caf::error error;

  bool is_empty() const { return !value && !error; }
};

/// Asks `target` without waiting; fills the box that it returns.
template <class Reply, class Handle, class Request>
std::shared_ptr<answer_box<Reply>> ask_later(deterministic_system& system,
                                             const Handle& target,
                                             Request request) {
  auto box = std::make_shared<answer_box<Reply>>();
  system.spawn([=](caf::event_based_actor* self) {
    self->request(target, caf::infinite, request)
      .then([box](Reply& x) { box->value = std::move(x); },
            [box](caf::error& x) { box->error = std::move(x); });
  });
  return box;
}

}  // namespace kvc::test
