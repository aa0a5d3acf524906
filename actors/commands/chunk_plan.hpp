#pragma once

#include "actors/commands/command_plan.hpp"
#include "actors/commands/command_work.hpp"

#include <optional>

namespace kvc {

/// A command on the chunks of one location: its work, step by step on the pool;
/// at the end the index, if chunks may have gone.
class chunk_plan final : public command_plan {
 public:
  /// Fails with unknown_location, and as command_work::plan does. `here` must
  /// outlive the plan and its steps.
  static caf::expected<command_plan_ptr> make(const command& what,
                                              const rank& here, time_point now);

  command_step next(time_point now) override;
  bool has_news(time_point now) override;
  command_tally tally(time_point) const override { return tally_; }

 private:
  explicit chunk_plan(operation verb, command_work work);

  std::shared_ptr<command_work> work_;  ///< The pool's during its steps.
  command_tally tally_;
  bool is_working_ = true;
  bool is_flush_due_;
  caf::error failure_;
  time_point news_due_{};
};

/// Asks a rank how it is, on the pool: an unwell memory is an answer, an unwell
/// disk a failure.
class health_plan final : public command_plan {
 public:
  /// `here` must outlive the plan and its steps.
  explicit health_plan(const rank& here) : here_(&here) {}

  command_step next(time_point now) override;

 private:
  const rank* here_;
  std::optional<command_answer> answer_;
};

}  // namespace kvc
