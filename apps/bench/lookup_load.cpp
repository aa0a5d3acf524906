#include "apps/bench/lookup_load.hpp"

#include <algorithm>
#include <thread>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;

struct client_log {
  std::vector<float> latencies_us;
  std::uint64_t failures = 0;
};

void run_client(const http_client_options& target,
                const std::vector<std::string>& bodies, std::size_t first,
                clock::time_point end, client_log& log) {
  http_client client{target};
  for (auto i = first; clock::now() < end; ++i) {
    const auto begin = clock::now();
    const auto reply = client.post("/lookup", bodies[i % bodies.size()]);
    const std::chrono::duration<float, std::micro> took = clock::now() - begin;
    log.latencies_us.push_back(took.count());
    // An empty layout would mean that nothing was found.
    if (!reply || reply->status != 200 ||
        reply->body.find("LocalCPUBackend") == std::string::npos)
      ++log.failures;
  }
}

double percentile(const std::vector<float>& sorted, double share) {
  if (sorted.empty())
    return 0;
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(share * last)];
}

}  // namespace

load_result run_lookup_load(const http_client_options& target,
                            const std::vector<std::string>& bodies,
                            std::size_t connections,
                            std::chrono::milliseconds duration) {
  std::vector<client_log> logs(connections);
  const auto begin = clock::now();
  {
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < connections; ++i)
      clients.emplace_back(
        [&, i] { run_client(target, bodies, i, begin + duration, logs[i]); });
  }
  const std::chrono::duration<double> elapsed = clock::now() - begin;
  std::vector<float> all;
  load_result result;
  for (const auto& log : logs) {
    all.insert(all.end(), log.latencies_us.begin(), log.latencies_us.end());
    result.failures += log.failures;
  }
  std::sort(all.begin(), all.end());
  result.per_second = static_cast<double>(all.size()) / elapsed.count();
  result.p50_us = percentile(all, 0.50);
  result.p99_us = percentile(all, 0.99);
  return result;
}

std::string lookup_body(const std::vector<std::uint32_t>& tokens) {
  std::string body = R"({"tokens":[)";
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0)
      body += ',';
    body += std::to_string(tokens[i]);
  }
  return body + "]}";
}

}  // namespace kvc
