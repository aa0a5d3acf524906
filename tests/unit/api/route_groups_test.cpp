#include "net/api/route_groups.hpp"

#include "tests/unit/api/routes_fixture.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>
#include <stdexcept>

using namespace kvc;
using namespace kvc::test;

namespace {

/// What is logged while it lives.
class log_text {
 public:
  log_text() {
    auto logger = std::make_shared<spdlog::logger>(
      "", std::make_shared<spdlog::sinks::ostream_sink_st>(text_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }

  log_text(const log_text&) = delete;
  log_text& operator=(const log_text&) = delete;

  ~log_text() { spdlog::set_default_logger(std::move(before_)); }

  std::string str() const { return text_.str(); }

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream text_;
};

}  // namespace

TEST_SUITE("routes") {
  TEST_CASE_FIXTURE(routes_fixture, "say what their handlers throw, and 500") {
    const log_text log;
    std::vector<unsigned> statuses;
    for (int i = 0; i < 3; ++i) {
      const responder respond{[&](const http_response& response) {
        statuses.push_back(response.status);
      }};
      answer_from<event_status>(
        executor_handle, cancel_event{"1"}, std::chrono::seconds{1},
        as_lane(lane), respond,
        [](event_status&) -> http_response { throw std::runtime_error{"no"}; });
    }
    run();
    CHECK(statuses == std::vector<unsigned>{500, 500, 500});
    CHECK(log.str() == "http: failed question=kvc::cancel_event reason=no\n");
    get("/events");
  }
}
