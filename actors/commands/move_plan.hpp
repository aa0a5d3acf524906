#pragma once

#include "actors/commands/command_plan.hpp"
#include "actors/commands/move_parts.hpp"
#include "actors/commands/move_tally.hpp"
#include "actors/store/arrivals.hpp"

#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// Brings the chunks of another worker, or of another location, here: part by
/// part, and what fails at a worker once more. Then the index is told. Then,
/// unless it is a copy or was cancelled, the source drops what is here now.
class move_plan final : public command_plan {
 public:
  /// Fails with unknown_location, with p2p_disabled if the source is another
  /// worker, and with invalid_request if the chunks are where they are to go.
  /// `here` must outlive the plan and its steps.
  static caf::expected<command_plan_ptr> make(const run_command& order,
                                              const rank& here, time_point now);

  ~move_plan() override;

  command_step next(time_point now) override;
  bool has_news(time_point now) override;
  command_tally tally(time_point now) const override;
  std::string remark() const override;

 private:
  enum class phase { arriving, copying, flushing, surrendering, over };

  move_plan(const run_command& order, const rank& here, time_point now);

  bool is_local() const { return order_.source.id.instance.empty(); }

  command_step bring_one();
  command_step copy_here(const move_part& part);
  command_step fetch(const move_part& part);
  command_step surrender(time_point now);
  command_step answer(time_point now);
  void note_part(const move_part& part,
                 const caf::expected<fetch_report>& report);
  void note_chunks(const move_part& part, const fetch_report& report);
  void keep(const move_part& part, std::shared_ptr<const void> holds);
  void note_surrender(const caf::expected<surrender_report>& report);
  void fail_at_source(const caf::error& why);

  run_command order_;
  const rank* here_;
  time_point begun_at_;
  move_parts parts_;
  move_tally tally_;
  phase phase_ = phase::arriving;
  std::shared_ptr<arrivals> arrivals_;  ///< The pool's during its steps.
  bool has_news_ = false;
  bool is_dialled_ = false;
  caf::error failure_;
  std::vector<std::shared_ptr<const void>> holds_;  ///< What has come stays.
  std::string last_trouble_ = "unreadable";
  std::string misfit_;  ///< Why some chunks are unsuitable, if any are.
};

}  // namespace kvc
