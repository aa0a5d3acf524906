#include "messages/unexpected.hpp"

#include "messages/repeated_log.hpp"

#include <caf/result.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

namespace kvc {

void refuse_unexpected(caf::scheduled_actor* self) {
  self->set_default_handler(
    [](caf::scheduled_actor* actor,
       caf::message_view&) -> caf::result<caf::message> {
      warn_repeated(std::string{"actors: unexpected message actor="} +
                    actor->name());
      return caf::sec::unexpected_message;
    });
}

}  // namespace kvc
