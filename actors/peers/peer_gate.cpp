#include "actors/peers/peer_gate.hpp"

#include "messages/errors.hpp"
#include "messages/unexpected.hpp"

#include <caf/send.hpp>

namespace kvc {

namespace {

using self_pointer = peer_actor::stateful_pointer<peer_gate_state>;

template <class Answer, class Question>
caf::result<Answer> pass_on(self_pointer self, const Question& question) {
  const auto& lenders = self->state.lenders;
  const auto found = lenders.find(question.owner);
  if (found == lenders.end())
    return caf::make_error(errc::unknown_worker, to_string(question.owner));
  auto answer = self->make_response_promise<Answer>();
  answer.delegate(found->second, question);
  return answer;
}

}  // namespace

peer_actor::behavior_type peer_gate(
  self_pointer self, const std::map<worker_id, peer_actor>& lenders) {
  refuse_unexpected(self);
  self->state.lenders = lenders;
  return {
    [self](const lease_chunks& msg) { return pass_on<chunk_lease>(self, msg); },
    [self](const renew_chunk_lease& msg) {
      return pass_on<lease_term>(self, msg);
    },
    [self](const end_chunk_lease& msg) {
      const auto& known = self->state.lenders;
      if (const auto found = known.find(msg.owner); found != known.end())
        self->send(found->second, msg);
    },
    [self](const surrender_chunks& msg) {
      return pass_on<surrender_report>(self, msg);
    },
  };
}

}  // namespace kvc
