#pragma once

#include <caf/fwd.hpp>

namespace kvc {

/// Lets `self` answer an error to messages that it does not take, as CAF does,
/// but log only that they come: CAF prints what they say. For actors that other
/// processes know.
void refuse_unexpected(caf::scheduled_actor* self);

}  // namespace kvc
