#include "actors/peers/peer_gate.hpp"

#include "messages/errors.hpp"

#include <caf/send.hpp>

#include <memory>

namespace kvc {

namespace {

using lender_map = std::map<worker_id, peer_actor>;

template <class Answer, class Question>
caf::result<Answer> pass_on(peer_actor::pointer self, const lender_map& lenders,
                            const Question& question) {
  const auto found = lenders.find(question.owner);
  if (found == lenders.end())
    return caf::make_error(errc::unknown_worker, to_string(question.owner));
  auto answer = self->make_response_promise<Answer>();
  answer.delegate(found->second, question);
  return answer;
}

}  // namespace

peer_actor::behavior_type peer_gate(peer_actor::pointer self,
                                    const lender_map& lenders) {
  const auto known = std::make_shared<const lender_map>(lenders);
  return {
    [=](const lease_chunks& msg) {
      return pass_on<chunk_lease>(self, *known, msg);
    },
    [=](const renew_chunk_lease& msg) {
      return pass_on<lease_term>(self, *known, msg);
    },
    [=](const end_chunk_lease& msg) {
      if (const auto found = known->find(msg.owner); found != known->end())
        self->send(found->second, msg);
    },
    [=](const surrender_chunks& msg) {
      return pass_on<surrender_report>(self, *known, msg);
    },
  };
}

}  // namespace kvc
