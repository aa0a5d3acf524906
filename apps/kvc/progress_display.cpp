#include "apps/kvc/progress_display.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <cstdlib>
#include <iostream>
#include <string_view>

namespace kvc {

namespace {

constexpr std::chrono::seconds line_period{1};

bool is_smart_terminal() {
  const auto* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && kind != nullptr &&
         std::string_view{kind} != "dumb";
}

/// One less than there are, because some terminals wrap after the last.
std::size_t columns() {
  winsize size{};
  const auto is_known =
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return (is_known ? size.ws_col : 80U) - 1U;
}

}  // namespace

// A line is due after a while only: what is quick needs none.
progress_display::progress_display()
    : line_due_(started_ + line_period), is_terminal_(is_smart_terminal()) {}

progress_display::~progress_display() {
  if (has_bar_)
    std::cerr << "\r\x1b[K" << std::flush;
}

void progress_display::show(const progress& state) {
  if (is_terminal_)
    show_bar(state);
  else
    show_line(state);
}

void progress_display::show_bar(const progress& state) {
  const auto elapsed =
    std::chrono::duration_cast<std::chrono::seconds>(clock::now() - started_);
  std::cerr << '\r' + render_bar(state, elapsed, columns()) + "\x1b[K"
            << std::flush;
  has_bar_ = true;
}

void progress_display::show_line(const progress& state) {
  const auto now = clock::now();
  if (now < line_due_ || state == shown_)
    return;
  std::cerr << "kvc: " + render_line(state) + '\n' << std::flush;
  line_due_ = now + line_period;
  shown_ = state;
}

}  // namespace kvc
