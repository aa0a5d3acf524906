#include "net/http/metrics_text.hpp"
#include "tests/unit/api/routes_fixture.hpp"

#include <charconv>
#include <cmath>
#include <map>
#include <regex>
#include <set>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Reads Prometheus' text format and fails the test for what it does not allow.
class metrics_reader {
 public:
  explicit metrics_reader(std::string_view text) {
    REQUIRE(text.ends_with('\n'));
    while (!text.empty()) {
      const auto line = std::string{text.substr(0, text.find('\n'))};
      text.remove_prefix(line.size() + 1);
      CAPTURE(line);
      if (line.starts_with("# "))
        read_comment(line);
      else
        read_sample(line);
    }
  }

  /// Returns the value of a sample, which is written as in the text.
  double operator[](const std::string& sample) const {
    CAPTURE(sample);
    REQUIRE(values_.contains(sample));
    return values_.at(sample);
  }

  bool has(const std::string& sample) const { return values_.contains(sample); }

  std::string type(const std::string& family) const {
    return types_.contains(family) ? types_.at(family) : "";
  }

  /// Checks that buckets grow up to +Inf, which is the count.
  void check_histogram(const std::string& family,
                       const std::string& labels) const {
    double last = 0;
    double last_end = 0;
    int buckets = 0;
    const auto prefix = family + "_bucket{" + labels + ",le=\"";
    for (const auto& sample : order_) {
      if (!sample.starts_with(prefix))
        continue;
      const auto end = std::strtod(sample.c_str() + prefix.size(), nullptr);
      CHECK(end > last_end);
      CHECK(values_.at(sample) >= last);
      last_end = end;
      last = values_.at(sample);
      ++buckets;
    }
    CHECK(buckets > 10);
    CHECK(std::isinf(last_end));
    CHECK((*this)[family + "_count{" + labels + "}"] == last);
    CHECK((*this)[family + "_sum{" + labels + "}"] >= 0);
  }

 private:
  void read_comment(const std::string& line) {
    static const std::regex help{R"(# HELP ([a-z_]+) [^\\]+)"};
    static const std::regex type{
      R"(# TYPE ([a-z_]+) (counter|gauge|histogram))"};
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      family_ = match[1];
      CHECK_FALSE(types_.contains(family_));  // Once, and in one piece.
      return;
    }
    REQUIRE(std::regex_match(line, match, type));
    CHECK(match[1] == family_);
    CHECK(types_.emplace(family_, match[2]).second);
    CHECK((match[2] == "counter") == family_.ends_with("_total"));
  }

  void read_sample(const std::string& line) {
    static const std::regex form{
      R"re(([a-z_]+)(\{[a-z_]+="([^"\\\n]|\\[\\"n])*")re"
      R"re((,[a-z_]+="([^"\\\n]|\\[\\"n])*")*\})? ([-+.0-9e]+))re"};
    std::smatch match;
    REQUIRE(std::regex_match(line, match, form));
    auto name = match[1].str();
    REQUIRE(types_.contains(family_));
    const auto suffix = name.substr(std::min(name.size(), family_.size()));
    CHECK(name.starts_with(family_));
    if (types_.at(family_) == "histogram")
      CHECK((suffix == "_bucket" || suffix == "_sum" || suffix == "_count"));
    else
      CHECK(suffix.empty());
    std::set<std::string> labels;
    static const std::regex label{R"re(([a-z_]+)="([^"\\]|\\.)*")re"};
    const auto all = match[2].str();
    for (std::sregex_iterator it{all.begin(), all.end(), label}, end; it != end;
         ++it)
      CHECK(labels.insert((*it)[1]).second);
    double value = 0;
    const auto digits = match[6].str();
    const auto read =
      std::from_chars(digits.data(), digits.data() + digits.size(), value);
    CHECK(read.ptr == digits.data() + digits.size());
    order_.push_back(name + all);
    CHECK(values_.emplace(order_.back(), value).second);
  }

  std::string family_;
  std::map<std::string, std::string> types_;
  std::map<std::string, double> values_;
  std::vector<std::string> order_;
};

struct metrics_fixture : routes_fixture {
  metrics_reader scrape() {
    send({.method = "GET", .path = "/metrics"});
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->content_type == "text/plain; version=0.0.4; charset=utf-8");
    return metrics_reader{answer->body};
  }

  std::size_t route(std::string_view method, std::string_view path) {
    return table.find({.method = method, .path = path});
  }
};

}  // namespace

TEST_SUITE("metrics") {
  TEST_CASE("escapes label values and writes numbers that are read back") {
    metrics_text text;
    text.family("a_total", "counter", "Help.");
    text.sample("", {{"x", "a\"b\\c\nd"}, {"y", ""}}, std::uint64_t{1} << 63U);
    text.single("b", "gauge", "More.", 0.1);
    text.single("c", "gauge", "More.", 1e300);
    const auto written = text.take();
    CHECK(written ==
          "# HELP a_total Help.\n# TYPE a_total counter\n"
          "a_total{x=\"a\\\"b\\\\c\\nd\",y=\"\"} 9223372036854775808\n"
          "# HELP b More.\n# TYPE b gauge\nb 0.1\n"
          "# HELP c More.\n# TYPE c gauge\nc 1e+300\n");
    const metrics_reader read{written};
    CHECK(read["b"] == 0.1);
    CHECK(read["c"] == 1e300);
  }

  TEST_CASE_FIXTURE(metrics_fixture, "tells of the index and of the fleet") {
    lookups.current = {.shards = 2,
                       .streams = 10,
                       .syncing_streams = 3,
                       .memberships = 1'000'000,
                       .bytes = 1UL << 24U,
                       .refused_admissions = 5};
    const auto metrics = scrape();
    CHECK(metrics["kvc_index_shards"] == 2);
    CHECK(metrics["kvc_index_memberships"] == 1'000'000);
    CHECK(metrics["kvc_index_bytes"] == 16'777'216);
    CHECK(metrics["kvc_index_refused_admissions_total"] == 5);
    CHECK(metrics["kvc_report_streams"] == 10);
    CHECK(metrics["kvc_report_streams_syncing"] == 3);
    CHECK(metrics["kvc_workers"] == 3);
    CHECK(metrics["kvc_instances"] == 2);
    CHECK(metrics["kvc_workers_missing"] == 2);
    CHECK(metrics["kvc_instances_incomplete"] == 1);
    CHECK(metrics["kvc_rejected_hellos{reason=\"unauthorized\"}"] == 1);
    CHECK(metrics["kvc_rejected_hellos{reason=\"hashing_mismatch\"}"] == 4);
  }

  TEST_CASE_FIXTURE(metrics_fixture, "leaves out what the registry keeps") {
    system.kill(registry);
    const auto metrics = scrape();
    CHECK_FALSE(metrics.has("kvc_workers"));
    CHECK(metrics["kvc_index_shards"] == 1);
  }

  TEST_CASE_FIXTURE(metrics_fixture, "tells the version") {
    CHECK(
      scrape()["kvc_build_info{version=\"1.2.3\",revision=\"abc-dirty\"}"] ==
      1);
  }

  TEST_CASE_FIXTURE(metrics_fixture, "adds up what all lanes have answered") {
    using namespace std::chrono_literals;
    const auto routes = table.routes().size();
    auto& first = counters->requests.add_lane(routes);
    auto& second = counters->requests.add_lane(routes);
    const auto lookup = route("POST", "/lookup");
    first.count(lookup, 200, 50us);
    first.count(lookup, 200, 51us);
    second.count(lookup, 200, 31s);
    second.count(lookup, 422, 1ms);
    second.count(route("GET", "/nowhere"), 404, 1us);
    second.count(SIZE_MAX, 413, 1us);
    counters->requests.connections = 7;
    const auto metrics = scrape();
    const std::string at = R"(method="POST",route="/lookup")";
    CHECK(metrics.type("kvc_http_requests_total") == "counter");
    CHECK(metrics["kvc_http_requests_total{" + at + R"(,status="200"})"] == 3);
    CHECK(metrics["kvc_http_requests_total{" + at + R"(,status="422"})"] == 1);
    const std::string none =
      R"(kvc_http_requests_total{method="",route="none")";
    CHECK(metrics[none + R"(,status="404"})"] == 1);
    CHECK(metrics[none + R"(,status="413"})"] == 1);
    const std::string family = "kvc_http_request_duration_seconds";
    CHECK(metrics.type(family) == "histogram");
    metrics.check_histogram(family, at);
    const auto bucket = [&](const char* end) {
      return metrics[family + "_bucket{" + at + ",le=\"" + end + "\"}"];
    };
    CHECK(bucket("0.00005") == 1);
    CHECK(bucket("0.0001") == 2);
    CHECK(bucket("0.001") == 3);
    CHECK(bucket("30") == 3);
    CHECK(bucket("+Inf") == 4);
    CHECK(metrics[family + "_sum{" + at + "}"] ==
          doctest::Approx(31.001101).epsilon(1e-9));
    CHECK(metrics["kvc_http_connections"] == 7);
  }

  TEST_CASE_FIXTURE(metrics_fixture, "counts events by outcome") {
    auto& events = counters->events;
    events.note(operation::pin, event_state::running);
    events.note(operation::pin, event_state::running);
    events.note(operation::pin, event_state::failed);
    events.note(operation::clear, event_state::running);
    events.note(operation::clear, event_state::finished);
    events.note(static_cast<operation>(200), event_state::running);
    const auto metrics = scrape();
    const auto ended = [&](const char* labels) {
      return metrics[std::string{"kvc_events_total{"} + labels + "}"];
    };
    CHECK(ended(R"(operation="pin",outcome="failed")") == 1);
    CHECK(ended(R"(operation="pin",outcome="finished")") == 0);
    CHECK(ended(R"(operation="clear",outcome="finished")") == 1);
    CHECK(metrics[R"(kvc_events_running{operation="pin"})"] == 1);
    CHECK(metrics[R"(kvc_events_running{operation="clear"})"] == 0);
  }

  TEST_CASE_FIXTURE(metrics_fixture, "tells of the process") {
    const auto metrics = scrape();
    CHECK(metrics["process_cpu_seconds_total"] >= 0);
    CHECK(metrics["process_resident_memory_bytes"] > 1e6);
    CHECK(metrics["process_virtual_memory_bytes"] >
          metrics["process_resident_memory_bytes"]);
    CHECK(metrics["process_threads"] >= 1);
    CHECK(metrics["process_open_fds"] >= 3);
    CHECK(metrics["process_max_fds"] > metrics["process_open_fds"]);
    const auto age = std::chrono::duration<double>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count() -
                     metrics["process_start_time_seconds"];
    CHECK(age > -2);
    CHECK(age < 3600);
  }
}
