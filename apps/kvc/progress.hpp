#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kvc {

/// How far an event is.
struct progress {
  std::string operation;
  double share = 0;  ///< 0 to 1: the mean of the ranks. Never shrinks.
  std::uint64_t chunks_done = 0;     ///< By all ranks together.
  std::uint64_t chunks_planned = 0;  ///< Of the ranks that have told how many.
  std::size_t ranks_ended = 0;
  std::size_t ranks = 0;

  friend bool operator==(const progress&, const progress&) = default;
};

/// Reads an event as /check_finish describes it. May throw nlohmann's
/// exceptions.
progress progress_of(const nlohmann::ordered_json& event);

/// Returns, say, "compress: 3 of 8 chunks, 1 of 2 ranks done".
std::string render_line(const progress& state);

/// Returns, say, "compress [######--------]  42%  3/8 chunks  1/2 ranks  5 s",
/// at most `width` characters.
std::string render_bar(const progress& state, std::chrono::seconds elapsed,
                       std::size_t width);

}  // namespace kvc
