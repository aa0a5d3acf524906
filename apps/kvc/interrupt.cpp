#include "apps/kvc/interrupt.hpp"

#include "apps/kvc/exit_code.hpp"

#include <unistd.h>
#include <atomic>

namespace kvc {

namespace {

std::atomic<const std::string*> current_text{nullptr};
static_assert(decltype(current_text)::is_always_lock_free);

/// Does nothing that a signal handler must not do.
extern "C" void kvc_end_by_interrupt(int /*signal*/) {
  if (const auto* text = current_text.load()) {
    [[maybe_unused]] const auto written =
      write(STDERR_FILENO, text->data(), text->size());
  }
  _exit(static_cast<int>(exit_code::interrupted));
}

}  // namespace

interrupt_notice::interrupt_notice(const std::string& text)
    // Terminals show ^C behind the progress bar.
    : text_(std::string{isatty(STDERR_FILENO) == 1 ? "\n" : ""} + text + '\n'),
      previous_text_(current_text.exchange(&text_)) {
  sigaction(SIGINT, nullptr, &previous_action_);
  if (previous_action_.sa_handler == SIG_IGN)
    return;
  struct sigaction action {};
  action.sa_handler = kvc_end_by_interrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
}

interrupt_notice::~interrupt_notice() {
  sigaction(SIGINT, &previous_action_, nullptr);
  current_text = previous_text_;
}

}  // namespace kvc
