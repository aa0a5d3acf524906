#include "actors/commands/chunk_plan.hpp"

#include "messages/errors.hpp"

#include <utility>

namespace kvc {

namespace {

constexpr std::chrono::milliseconds news_period{100};

command_answer check(const rank& here) {
  if (auto* const cpu = here.at(location::cpu))
    if (auto trouble = cpu->check(); !trouble.empty())
      return command_result{.code = -1, .detail = std::move(trouble)};
  if (auto* const disk = here.at(location::disk))
    if (auto trouble = disk->check(); !trouble.empty())
      return caf::make_error(errc::io_failed, std::move(trouble));
  return command_result{};
}

}  // namespace

caf::expected<command_plan_ptr> chunk_plan::make(const command& what,
                                                 const rank& here,
                                                 time_point now) {
  auto* const store = here.at(what.where);
  if (store == nullptr)
    return caf::make_error(errc::unknown_location, to_string(what.where));
  auto work = command_work::plan(what, *store, now);
  if (!work)
    return std::move(work.error());
  return command_plan_ptr{new chunk_plan{what.verb, std::move(*work)}};
}

chunk_plan::chunk_plan(operation verb, command_work work)
    : work_(std::make_shared<command_work>(std::move(work))),
      tally_(work_->tally()),
      is_flush_due_(traits_of(verb).may_drop_chunks) {}

command_step chunk_plan::next(time_point) {
  is_working_ = !failure_ && !is_cancelled() && !work_->is_done();
  if (is_working_)
    return pool_step{[work = work_] { work->step(); },
                     [this](const caf::error& failure) {
                       failure_ = failure;
                       tally_ = work_->tally();
                     }};
  if (failure_)
    return command_answer{failure_};
  if (std::exchange(is_flush_due_, false))
    return flush_step{"done, but the index was not told", [] {}};
  return command_answer{command_result{0, {}, is_cancelled(), tally_}};
}

bool chunk_plan::has_news(time_point now) {
  if (!is_working_ || now < news_due_)
    return false;
  news_due_ = now + news_period;
  return true;
}

command_step health_plan::next(time_point) {
  if (answer_)
    return *answer_;
  const auto found = std::make_shared<command_answer>(command_result{});
  return pool_step{[found, here = here_] { *found = check(*here); },
                   [this, found](const caf::error& failure) {
                     answer_ = failure ? command_answer{failure} : *found;
                   }};
}

}  // namespace kvc
