#include "net/client/http_client.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <semaphore>
#include <string_view>
#include <thread>
#include <vector>

using namespace kvc;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view slow_name = "slow.invalid";
std::binary_semaphore may_resolve{0};

void let_names_resolve() { may_resolve.release(); }

}  // namespace

/// Stands before the system's: finds `slow_name` only when it may.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(
  const char* name, const char* service, const addrinfo* hints,
  addrinfo** found) {
  if (name != nullptr && name == slow_name)
    may_resolve.acquire();
  const auto next =
    reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(name, service, hints, found);
}

namespace {

/// A socket that is closed at the end.
class owned_socket {
 public:
  explicit owned_socket(int descriptor) : descriptor_(descriptor) {}
  owned_socket(const owned_socket&) = delete;
  owned_socket& operator=(const owned_socket&) = delete;
  ~owned_socket() { ::close(descriptor_); }

  int get() const { return descriptor_; }

  /// Reads a request without a body, or one that ends with `last`.
  std::string read_request(std::string_view last = "\r\n\r\n") const {
    std::string text;
    for (char c = 0; !text.ends_with(last) && ::recv(get(), &c, 1, 0) == 1;)
      text += c;
    return text;
  }

  void send(std::string_view text) const {
    ::send(get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

 private:
  int descriptor_;
};

/// Runs a script in a thread, with the listening socket of a server.
class scripted_server {
 public:
  explicit scripted_server(std::function<void(scripted_server&)> script)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_.get(), generic, size) == 0);
    REQUIRE(::listen(listener_.get(), 8) == 0);
    REQUIRE(::getsockname(listener_.get(), generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ =
      std::thread{[this, script = std::move(script)] { script(*this); }};
  }

  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  ~scripted_server() { stop(); }

  /// Ends accept() and waits for the script's end.
  void stop() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable())
      thread_.join();
  }

  int accept() const { return ::accept(listener_.get(), nullptr, nullptr); }

  std::string authority() const { return "127.0.0.1:" + std::to_string(port_); }

  http_client_options options() const {
    return {.url = "http://" + authority(), .deadline = 10s};
  }

 private:
  owned_socket listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

constexpr std::string_view answer_one =
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none";
constexpr std::string_view chunked_one =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
  "2\r\non\r\n1\r\ne\r\n0\r\n\r\n";
constexpr std::string_view unbounded_one = "HTTP/1.1 200 OK\r\n\r\none";
constexpr std::string_view answer_two =
  "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo";

std::string body_of(const caf::expected<http_reply>& reply) {
  REQUIRE_MESSAGE(reply, describe(reply.error()));
  CHECK(reply->status == 200);
  return reply->body;
}

}  // namespace

TEST_SUITE("http_client") {
  TEST_CASE("sends a whole request") {
    std::string request;
    scripted_server server{[&](auto& self) {
      owned_socket peer{self.accept()};
      request = peer.read_request("\r\n\r\n{\"a\":1}");
      peer.send(answer_one);
    }};
    http_client client{server.options()};
    CHECK(body_of(client.post("/x?y=1", "{\"a\":1}")) == "one");
    CHECK(request == "POST /x?y=1 HTTP/1.1\r\nHost: " + server.authority() +
                       "\r\nUser-Agent: kvc\r\nAccept: */*\r\n"
                       "Content-Type: application/json\r\n"
                       "Content-Length: 7\r\n\r\n{\"a\":1}");
  }

  TEST_CASE("keeps its connection for the next request") {
    scripted_server server{[](auto& self) {
      owned_socket peer{self.accept()};
      peer.read_request();
      peer.send(answer_one);
      peer.read_request();
      peer.send(answer_two);
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    CHECK(body_of(client.get("/")) == "two");
  }

  TEST_CASE("connects again when the kept connection was closed") {
    scripted_server server{[](auto& self) {
      {
        owned_socket peer{self.accept()};
        peer.read_request();
        peer.send(answer_one);
      }
      owned_socket peer{self.accept()};
      peer.read_request();
      peer.send(answer_two);
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    CHECK(body_of(client.get("/")) == "two");
  }

  TEST_CASE("tries once more only, and not on a fresh connection") {
    int accepted = 0;
    scripted_server server{[&](auto& self) {
      for (int peer = self.accept(); peer >= 0; peer = self.accept()) {
        ++accepted;
        owned_socket guard{peer};
        guard.read_request();
        if (accepted == 1)
          guard.send(answer_one);
      }
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    CHECK(client.get("/") == caf::error{errc::connection_lost});
    CHECK(client.get("/") == caf::error{errc::connection_lost});
    server.stop();
    CHECK(accepted == 3);
  }

  TEST_CASE("sends what changes something once, on a connection of its own") {
    std::vector<std::string> requests;
    scripted_server server{[&](auto& self) {
      const owned_socket kept{self.accept()};
      requests.push_back(kept.read_request());
      kept.send(answer_one);
      const owned_socket fresh{self.accept()};
      requests.push_back(fresh.read_request("\r\n\r\n{}"));
      fresh.send(answer_two);
      requests.push_back(fresh.read_request("\r\n\r\n{}"));
      fresh.send(answer_one);
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    CHECK(body_of(client.post("/change", "{}")) == "two");
    CHECK(body_of(client.query("/ask", "{}")) == "one");
    server.stop();
    REQUIRE(requests.size() == 3);
    CHECK(requests[1].starts_with("POST /change "));
    CHECK(requests[2].starts_with("POST /ask "));
  }

  TEST_CASE("repeats what only asks if its connection dies") {
    int accepted = 0;
    scripted_server server{[&](auto& self) {
      for (int peer = self.accept(); peer >= 0; peer = self.accept()) {
        const owned_socket guard{peer};
        if (++accepted == 1) {
          guard.read_request();
          guard.send(answer_one);
        }
        guard.read_request("\r\n\r\n{}");  // Which gets no answer.
      }
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    CHECK(client.query("/ask", "{}") == caf::error{errc::connection_lost});
    server.stop();
    CHECK(accepted == 2);
  }

  TEST_CASE("repeats nothing that changes something") {
    int accepted = 1;
    scripted_server server{[&](auto& self) {
      const owned_socket kept{self.accept()};
      kept.read_request();
      kept.send(answer_one);
      for (int peer = self.accept(); peer >= 0; peer = self.accept()) {
        ++accepted;
        const owned_socket guard{peer};
        guard.read_request("\r\n\r\n{}");  // Which gets no answer.
      }
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    CHECK(client.post("/change", "{}") == caf::error{errc::connection_lost});
    server.stop();
    CHECK(accepted == 2);
  }

  TEST_CASE("connects anew where the server said it would close") {
    scripted_server server{[](auto& self) {
      owned_socket first{self.accept()};
      first.read_request();
      first.send(
        "HTTP/1.1 200 OK\r\nConnection: close\r\n"
        "Content-Length: 3\r\n\r\none");
      owned_socket second{self.accept()};
      second.read_request();
      second.send(answer_two);
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    CHECK(body_of(client.get("/")) == "two");
  }

  TEST_CASE("gives up at its deadline, however slowly the answer drips") {
    scripted_server server{[](auto& self) {
      owned_socket peer{self.accept()};
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\no");
      peer.read_request();  // Until the client closes.
    }};
    auto options = server.options();
    options.deadline = 50ms;
    http_client client{options};
    CHECK(client.get("/") == caf::error{errc::timed_out});
  }

  TEST_CASE("loses an answer that breaks off") {
    scripted_server server{[](auto& self) {
      owned_socket peer{self.accept()};
      peer.read_request();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\no");
    }};
    http_client client{server.options()};
    CHECK(client.get("/") == caf::error{errc::connection_lost});
  }

  TEST_CASE("takes an answer up to the limit and none beyond") {
    for (const std::string_view answer :
         {answer_one, chunked_one, unbounded_one})
      for (const std::size_t limit : {2U, 3U}) {
        CAPTURE(answer);
        CAPTURE(limit);
        scripted_server server{[answer](auto& self) {
          owned_socket peer{self.accept()};
          peer.read_request();
          peer.send(answer);
        }};
        auto options = server.options();
        options.body_limit_bytes = limit;
        http_client client{options};
        const auto reply = client.get("/");
        if (limit == 2)
          CHECK(reply == caf::error{errc::no_capacity});
        else
          CHECK(body_of(reply) == "one");
      }
  }

  TEST_CASE("hears a refusal that comes before the request was read") {
    scripted_server server{[](auto& self) {
      owned_socket peer{self.accept()};
      peer.read_request();
      peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
      ::shutdown(peer.get(), SHUT_WR);
      std::string rest(1U << 16U, ' ');
      while (::recv(peer.get(), rest.data(), rest.size(), 0) > 0) {
      }
    }};
    http_client client{server.options()};
    auto reply = client.post("/", std::string(8U << 20U, ' '));
    REQUIRE(reply);
    CHECK(reply->status == 413);
  }

  TEST_CASE("cannot reach what is not there or speaks no HTTP") {
    scripted_server server{[](auto& self) {
      owned_socket peer{self.accept()};
      peer.read_request();
      peer.send("SSH-2.0-OpenSSH\r\n\r\n");
    }};
    http_client client{server.options()};
    CHECK(client.get("/") == caf::error{errc::unreachable});
    http_client nowhere{{.url = "http://name.invalid", .deadline = 10s}};
    CHECK(nowhere.get("/") == caf::error{errc::unreachable});
  }

  TEST_CASE("gives up at its deadline while it waits for a name") {
    http_client client{
      {.url = "http://" + std::string{slow_name}, .deadline = 50ms}};
    CHECK(client.get("/") == caf::error{errc::timed_out});
    let_names_resolve();
  }

  TEST_CASE("begins with TLS where the URL says so") {
    std::string request;
    scripted_server server{[&](auto& self) {
      const owned_socket peer{self.accept()};
      request = peer.read_request("\x16");
    }};
    http_client client{
      {.url = "https://" + server.authority(), .deadline = 10s}};
    CHECK(client.get("/") == caf::error{errc::unreachable});
    server.stop();
    CHECK(request == "\x16");
  }

  TEST_CASE("asks the server itself, whatever proxy the environment names") {
    ::setenv("http_proxy", "http://127.0.0.1:1", 1);
    scripted_server server{[](auto& self) {
      const owned_socket peer{self.accept()};
      peer.read_request();
      peer.send(answer_one);
    }};
    http_client client{server.options()};
    CHECK(body_of(client.get("/")) == "one");
    ::unsetenv("http_proxy");
  }
}
