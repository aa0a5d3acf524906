#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

namespace kvc::test {

/// Tells a fake to send the answers that it held back.
struct release {};

}  // namespace kvc::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::test::release)
