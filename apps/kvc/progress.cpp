#include "apps/kvc/progress.hpp"

#include "apps/kvc/printable.hpp"
#include "messages/counted.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace kvc {

namespace {

constexpr std::size_t least_bar = 5;
constexpr std::size_t greatest_bar = 40;

struct count_names {
  const char* between;
  const char* separator;
};

std::string counts(const progress& state, const count_names& names) {
  std::string result;
  if (state.chunks_planned > 0)
    result += std::to_string(state.chunks_done) + names.between +
              counted(state.chunks_planned, "chunk") + names.separator;
  return result + std::to_string(state.ranks_ended) + names.between +
         counted(state.ranks, "rank");
}

std::string percent(double share) {
  const auto text = std::to_string(static_cast<int>(share * 100));
  return std::string(3 - std::min<std::size_t>(text.size(), 3), ' ') + text +
         '%';
}

}  // namespace

progress progress_of(const nlohmann::ordered_json& event) {
  progress result;
  result.operation = event.at("operation").get<std::string>();
  double shares = 0;
  for (const auto& rank : event.at("workers")) {
    const auto done = rank.value("chunks_done", std::uint64_t{0});
    const auto planned = rank.value("chunks_planned", std::uint64_t{0});
    const auto has_ended = rank.at("status") != "running";
    result.chunks_done += done;
    result.chunks_planned += planned;
    result.ranks_ended += has_ended ? 1 : 0;
    ++result.ranks;
    if (has_ended)
      shares += 1;
    else if (planned > 0)
      shares += static_cast<double>(std::min(done, planned)) /
                static_cast<double>(planned);
  }
  if (result.ranks > 0)
    result.share = shares / static_cast<double>(result.ranks);
  return result;
}

std::string render_line(const progress& state) {
  return printable(state.operation) + ": " + counts(state, {" of ", ", "}) +
         " done";
}

std::string render_bar(const progress& state, std::chrono::seconds elapsed,
                       std::size_t width) {
  const auto head = printable(state.operation) + ' ';
  const auto tail = percent(state.share) + "  " + counts(state, {"/", "  "}) +
                    "  " + std::to_string(elapsed.count()) + " s";
  constexpr std::size_t frame = 3;  // Brackets and a blank.
  const auto taken = head.size() + tail.size() + frame;
  if (taken + least_bar > width)
    return (head + tail).substr(0, width);
  const auto length = std::min(width - taken, greatest_bar);
  const auto full =
    static_cast<std::size_t>(state.share * static_cast<double>(length));
  return head + '[' + std::string(full, '#') + std::string(length - full, '-') +
         "] " + tail;
}

}  // namespace kvc
