#pragma once

#include <csignal>
#include <string>

namespace kvc {

/// While it lives, SIGINT writes the line `text` to standard error and ends the
/// process with exit_code::interrupted, whatever it waits for. The newest
/// notice counts. If the process ignores SIGINT, it still does. Not
/// thread-safe.
class interrupt_notice {
 public:
  explicit interrupt_notice(const std::string& text);

  interrupt_notice(const interrupt_notice&) = delete;
  interrupt_notice& operator=(const interrupt_notice&) = delete;

  ~interrupt_notice();

 private:
  std::string text_;
  const std::string* previous_text_;
  struct sigaction previous_action_ {};
};

}  // namespace kvc
