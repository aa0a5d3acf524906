#include "actors/controller/lookup_service.hpp"

namespace kvc {

lookup_actor::behavior_type lookup_service(
  lookup_actor::pointer, const std::shared_ptr<lookup_source>& source) {
  return {
    [source](const find_prefixes& msg) {
      return source->find_prefixes(msg.hashes.keys, msg.model);
    },
  };
}

}  // namespace kvc
