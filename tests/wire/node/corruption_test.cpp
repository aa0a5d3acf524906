#include "actors/hashing/chunk_hasher.hpp"
#include "apps/node/controller_node.hpp"
#include "apps/node/worker_node.hpp"
#include "messages/errors.hpp"
#include "net/client/http_client.hpp"
#include "tests/support/link_corruption.hpp"
#include "tests/support/link_recorder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <thread>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t chunk_size = 4;
constexpr std::uint64_t bytes_per_token = 16;
constexpr auto patience = 20s;

template <class Condition>
bool eventually(Condition holds) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

/// A prompt that no other number has.
std::vector<std::uint32_t> prompt_of(std::uint32_t number, std::size_t chunks) {
  std::vector<std::uint32_t> result(chunks * chunk_size);
  std::iota(result.begin(), result.end(), number * 1'000'000);
  return result;
}

/// A worker process of one rank.
class worker {
 public:
  worker(const std::string& instance, std::uint16_t link_port) {
    worker_node_options options;
    options.settings.chunk_size = chunk_size;
    options.settings.max_local_cpu_bytes = 4U << 20U;
    options.settings.enable_controller = true;
    options.settings.controller_pull_url = {"127.0.0.1", link_port};
    options.settings.lmcache_worker_heartbeat_time = 50ms;
    options.ranks = {{instance, 0, 1}};
    options.bytes_per_token = bytes_per_token;
    auto node = worker_node::start(options, [this] { has_failed_ = true; });
    REQUIRE(node);
    node_ = std::move(*node);
    REQUIRE(node_->wait_until_registered(patience));
  }

  void store(const std::vector<std::uint32_t>& prompt) {
    const std::vector<std::byte> bytes(chunk_size * bytes_per_token);
    const std::vector<std::span<const std::byte>> chunks(
      prompt.size() / chunk_size, bytes);
    REQUIRE(node_->engines()[0]->store(prompt, chunks));
  }

  void evict(const std::vector<std::uint32_t>& prompt) {
    node_->engines()[0]->evict(prompt);
  }

  /// Returns whether the controller says that somebody has the prompt.
  bool finds(const std::vector<std::uint32_t>& prompt) const {
    const auto found = node_->find_prefixes(hasher_.hash_prompt(prompt));
    return found && !found->empty();
  }

  bool has_failed() const { return has_failed_; }
  void stop() { node_->stop(); }

 private:
  chunk_hasher hasher_{{.chunk_size = chunk_size}, false};
  std::atomic<bool> has_failed_ = false;
  std::unique_ptr<worker_node> node_;
};

class controller {
 public:
  controller() {
    controller_options options;
    options.host = "127.0.0.1";
    options.port = 0;
    options.monitor_port = 0;
    options.chunk_size = chunk_size;
    options.shards = 2;
    auto node = controller_node::start(options, [this] { has_died_ = true; });
    REQUIRE(node);
    node_ = std::move(*node);
  }

  std::uint16_t link_port() const { return node_->link_port(); }
  bool has_died() const { return has_died_; }

  void post(std::string_view route, std::string_view body) const {
    http_client client{
      {.url = "http://127.0.0.1:" + std::to_string(node_->http_port())}};
    const auto reply = client.post(route, body);
    REQUIRE(reply);
    REQUIRE(reply->status == 200);
  }

 private:
  std::atomic<bool> has_died_ = false;
  std::unique_ptr<controller_node> node_;
};

/// Returns what a worker sends that registers, reports, renews its lease, looks
/// up, carries out commands and leaves.
std::vector<bytes> record_worker(const controller& target) {
  const link_recorder recorder{target.link_port()};
  worker recorded{"recorded", recorder.port()};
  for (const auto chunks : {1U, 8U, 500U}) {
    const auto prompt = prompt_of(chunks, chunks);
    recorded.store(prompt);
    REQUIRE(eventually([&] { return recorded.finds(prompt); }));
  }
  recorded.evict(prompt_of(8, 8));
  std::this_thread::sleep_for(200ms);  // Renewals and heartbeats.
  target.post("/health", R"({"instance_id":"recorded"})");
  target.post("/clear",
              R"({"instance_id":"recorded","location":"LocalCPUBackend"})");
  recorded.stop();
  REQUIRE_FALSE(recorded.has_failed());
  auto frames = recorder.frames();
  REQUIRE(frames.size() > 10);
  return frames;
}

}  // namespace

TEST_SUITE("corruption") {
  // KVC_CORRUPTIONS=100000 plays so many sessions.
  TEST_CASE("a controller survives corrupted sessions of workers") {
    const controller target;
    link_corruption sessions{record_worker(target), 14};
    worker honest{"honest", target.link_port()};
    const auto prompt = prompt_of(7, 3);
    honest.store(prompt);
    REQUIRE(eventually([&] { return honest.finds(prompt); }));
    for (auto left = corruptions(150); left > 0; --left) {
      CAPTURE(left);
      REQUIRE(sessions.play(target.link_port(), ""));
      REQUIRE(eventually([&] { return honest.finds(prompt); }));
      REQUIRE_FALSE(target.has_died());
    }
    REQUIRE_FALSE(honest.has_failed());
    worker late{"late", target.link_port()};
    CHECK(late.finds(prompt));
  }
}
