#pragma once

#include "apps/kvc/progress.hpp"

namespace kvc {

/// Shows on standard error how far an event is: as a bar on a terminal, else as
/// a line for each change, at most one a second. The destructor removes the
/// bar.
class progress_display {
 public:
  progress_display();

  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;

  ~progress_display();

  void show(const progress& state);

 private:
  using clock = std::chrono::steady_clock;

  void show_bar(const progress& state);
  void show_line(const progress& state);

  clock::time_point started_ = clock::now();
  clock::time_point line_due_;
  bool is_terminal_;
  bool has_bar_ = false;
  progress shown_;
};

}  // namespace kvc
