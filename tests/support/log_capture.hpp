#pragma once

#include "messages/log.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace kvc::test {

/// Takes what is logged, as long as it lives.
class log_capture {
 public:
  log_capture() {
    spdlog::default_logger()->sinks() = {
      std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)};
    spdlog::set_level(spdlog::level::info);
  }

  ~log_capture() {
    spdlog::set_level(spdlog::level::off);
    spdlog::default_logger()->sinks() = before_;
  }

  log_capture(const log_capture&) = delete;
  log_capture& operator=(const log_capture&) = delete;

  std::vector<std::string> lines_with(const std::string& part) const {
    std::istringstream input{text_.str()};
    std::vector<std::string> result;
    for (std::string line; std::getline(input, line);)
      if (line.find(part) != std::string::npos)
        result.push_back(line);
    return result;
  }

 private:
  std::ostringstream text_;
  std::vector<spdlog::sink_ptr> before_ = spdlog::default_logger()->sinks();
};

}  // namespace kvc::test
