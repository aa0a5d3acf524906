#include "actors/controller/executor.hpp"

#include "actors/controller/health_check.hpp"

namespace kvc {

executor_actor::behavior_type executor(executor_actor::pointer self,
                                       const registry_actor& registry,
                                       executor_options options) {
  return {
    [=](const check_health& msg) -> caf::result<health_report> {
      auto answer = self->make_response_promise<health_report>();
      self
        ->request(registry, options.registry_timeout,
                  list_workers{.includes_lost = true})
        .then(
          [=](std::vector<worker_record>& workers) mutable {
            std::erase_if(workers, [&](const worker_record& worker) {
              return worker.profile.id.instance != msg.instance;
            });
            auto event =
              self->spawn(health_check, workers, options.health_timeout);
            answer.delegate(event, msg);
          },
          [=](caf::error& why) mutable { answer.deliver(std::move(why)); });
      return answer;
    },
  };
}

}  // namespace kvc
