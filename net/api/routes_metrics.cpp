#include "messages/errors.hpp"
#include "messages/instance_ranks.hpp"
#include "net/api/process_metrics.hpp"
#include "net/api/route_groups.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace kvc {

namespace {

using route_names = std::vector<request_counters::route_name>;
using worker_records = std::vector<worker_record>;
using refusals = std::vector<refusal>;

/// Nobody should wait long for metrics; what is missing is missing.
constexpr std::chrono::milliseconds max_patience{1'000};

void write_index(metrics_text& text, const index_status& status) {
  text.single("kvc_index_shards", "gauge", "Shards that are up.",
              status.shards);
  text.single("kvc_index_memberships", "gauge",
              "Chunks held by workers, those included that wait to be swept.",
              status.memberships);
  text.single("kvc_index_bytes", "gauge", "Memory of the index.", status.bytes);
  text.single("kvc_index_refused_admissions_total", "counter",
              "Memberships refused for want of memory.",
              status.refused_admissions);
  text.single("kvc_report_streams", "gauge", "Report streams of live workers.",
              status.streams);
  text.single("kvc_report_streams_syncing", "gauge",
              "Those whose full sync has not ended yet.",
              status.syncing_streams);
}

void write_workers(metrics_text& text, const worker_records& workers) {
  const auto instances = by_instance(workers);
  std::uint64_t missing = 0;
  std::uint64_t incomplete = 0;
  for (const auto& each : instances) {
    const auto count = missing_ranks(each).size();
    missing += count;
    incomplete += count > 0 ? 1 : 0;
  }
  text.single("kvc_workers", "gauge", "Workers that are registered.",
              workers.size());
  text.single("kvc_workers_missing", "gauge",
              "Ranks that are announced, but not registered.", missing);
  text.single("kvc_instances", "gauge", "Instances that they belong to.",
              instances.size());
  text.single("kvc_instances_incomplete", "gauge",
              "Those that lack a rank, so that no lookup lists them.",
              incomplete);
}

void write_refusals(metrics_text& text, const refusals& refused) {
  std::map<std::string, std::uint64_t> by_reason;
  for (const auto& each : refused)
    by_reason[to_string(each.reason)] += each.count;
  text.family("kvc_rejected_hellos", "gauge",
              "Hellos refused to workers that were refused in the last hour.");
  for (const auto& [reason, count] : by_reason)
    text.sample("", {{"reason", reason}}, count);
}

void write_build(metrics_text& text, const build_version& build) {
  text.family("kvc_build_info", "gauge",
              "Always 1; its labels are the version.");
  text.sample("", {{"version", build.number}, {"revision", build.revision}},
              std::uint64_t{1});
}

/// One scrape, as far as it is.
class scrape {
 public:
  explicit scrape(responder respond) : respond_(std::move(respond)) {}

  scrape(const scrape&) = delete;
  scrape& operator=(const scrape&) = delete;

  ~scrape() {
    if (is_whole)  // Unanswered, it is a 500.
      respond_(
        {.body = text.take(), .content_type = metrics_text::content_type});
  }

  metrics_text text;
  bool is_whole = true;  ///< Nothing failed.

 private:
  responder respond_;
};

/// Asks the registry and writes its answer. The last one to let go of `open`
/// answers.
template <class Reply, class Request, class Function>
void ask(const registry_actor& registry, Request question,
         std::chrono::milliseconds timeout, lane_actor& lane,
         const std::shared_ptr<scrape>& open, Function write) {
  lane.request(registry, timeout, question)
    .then(
      [open, write](const Reply& reply) {
        open->is_whole &= contain<Request>([&] { write(open->text, reply); });
      },
      [open](const caf::error&) {});
}

}  // namespace

void add_metrics_route(router& table, const controller_services& services,
                       const std::shared_ptr<const route_names>& names) {
  table.add({.path = "/metrics",
             .summary = "Tells metrics in Prometheus' text format.",
             .answer = schema::text(),
             .answer_type = metrics_text::content_type,
             .handler = [services, names](const http_request& request,
                                          const responder& respond) {
               const auto open = std::make_shared<scrape>(respond);
               auto& text = open->text;
               services.counters->requests.write(text, *names);
               services.counters->events.write(text);
               write_index(text, services.lookups.status());
               write_build(text, services.build);
               write_process_metrics(text);
               const auto timeout =
                 std::min(services.options.answer_timeout, max_patience);
               ask<worker_records>(services.registry, list_workers{}, timeout,
                                   *request.lane, open, write_workers);
               ask<refusals>(services.registry, list_refusals{}, timeout,
                             *request.lane, open, write_refusals);
             }});
}

}  // namespace kvc
