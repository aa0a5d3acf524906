#include "messages/dialer.hpp"
#include "messages/errors.hpp"
#include "messages/executor.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/message.hpp>

namespace kvc {

void add_messages(caf::actor_system_config& config) {
  config.add_message_types<caf::id_block::kvc>();
  config.add_error_category(
    caf::atom("kvc"),
    [](std::uint8_t code, caf::atom_value, const caf::message& context) {
      return to_string(static_cast<errc>(code)) + to_string(context);
    });
}

}  // namespace kvc
