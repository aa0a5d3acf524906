#pragma once

#include "actors/reporting/change_hub.hpp"
#include "messages/index_shard.hpp"

#include <caf/message.hpp>

#include <deque>
#include <optional>
#include <vector>

namespace kvc {

/// How much a stream may send before it hears back. Both are positive.
struct report_window {
  std::uint32_t max_reports = 1;
  std::uint32_t max_report_keys = 1;
};

/// The rules of a rank's reports to one shard: a full sync, then the changes in
/// order. The window bounds the unanswered reports, which are kept to be sent
/// again after a blip. `hub` and `source` must outlive it.
class report_stream {
 public:
  report_stream(change_hub& hub, const membership_source& source,
                std::size_t shard)
      : hub_(hub), source_(source), shard_(shard) {}

  /// Begins a new epoch with a full sync.
  void start(std::uint64_t epoch, report_window window);

  /// Goes on with the epoch. Returns the reports behind `applied_sequence`,
  /// which are to be sent again. If some are not kept any more, a full sync
  /// follows.
  std::vector<caf::message> resume(std::uint64_t applied_sequence);

  /// Returns the next chunk_report to send, if there is one and the window
  /// has room.
  std::optional<caf::message> next();

  /// What an answer calls for.
  enum class verdict { go_on, epoch_is_over };

  /// Takes an answer.
  verdict acknowledge(const report_ack& ack);

  /// Marks what the stores have changed so far.
  void add_mark() { marks_.push_back(mark_here()); }

  /// Forgets the marks, oldest first, up to which the shard has applied
  /// everything. Returns how many it forgot.
  std::size_t take_passed_marks();

  std::uint64_t epoch() const { return epoch_; }

 private:
  struct sent_report {
    std::uint64_t sequence = 0;
    caf::message content;
  };

  /// A place in the stream: behind `changes_before` more changes, then behind
  /// the report `sequence`.
  struct mark {
    bool is_behind_sync = false;    ///< The next full sync covers it.
    std::uint64_t reorderings = 0;  ///< Of the changes, when they were counted.
    std::size_t changes_before = 0;
    std::uint64_t sequence = 0;
  };

  void begin_sync();
  mark mark_here() const;
  void move_marks(const chunk_report& report);
  void scan(chunk_report& report);
  caf::message keep(chunk_report report);

  change_hub& hub_;
  const membership_source& source_;
  std::size_t shard_;
  std::uint64_t epoch_ = 0;
  report_window window_;
  std::uint64_t last_sequence_ = 0;
  std::deque<sent_report> unanswered_;
  std::deque<mark> marks_;

  // The full sync.
  bool is_syncing_ = false;
  bool has_begun_sync_ = false;      ///< Its first report is on its way.
  std::uint64_t sync_sequence_ = 0;  ///< Of that report.
  std::vector<location> locations_;  ///< Still to be scanned, last first.
  std::uint64_t cursor_ = 0;
  bool is_location_done_ = false;
  std::vector<std::uint64_t> scanned_;  ///< Found, but not reported yet.
};

}  // namespace kvc
