#include "net/client/http_client.hpp"

#include "messages/errors.hpp"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <system_error>

namespace kvc {

namespace {

/// The answer so far.
struct incoming {
  std::string body;
  std::size_t limit_bytes = 0;
};

/// Takes another piece; libcurl gives up on the answer where this returns less
/// than `size`.
std::size_t take(const char* data, std::size_t /*one*/, std::size_t size,
                 void* to) {
  auto& answer = *static_cast<incoming*>(to);
  if (size > answer.limit_bytes - answer.body.size())
    return 0;
  answer.body.append(data, size);
  return size;
}

/// Opens a socket that children of this process do not inherit.
curl_socket_t open_socket(void* /*context*/, curlsocktype /*purpose*/,
                          curl_sockaddr* address) {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

errc code_of(CURLcode failure) {
  switch (failure) {
    case CURLE_OPERATION_TIMEDOUT:
      return errc::timed_out;
    case CURLE_WRITE_ERROR:  // By `take`.
      return errc::no_capacity;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return errc::connection_lost;
    default:
      return errc::unreachable;
  }
}

}  // namespace

class http_client::impl {
 public:
  explicit impl(http_client_options options)
      : options_(std::move(options)),
        authority_(options_.url.substr(options_.url.find("://") + 3)) {
    [[maybe_unused]] static const auto is_ready =
      curl_global_init(CURL_GLOBAL_DEFAULT);
    assert(is_ready == CURLE_OK);
    authority_.erase(std::min(authority_.find('/'), authority_.size()));
    handle_ = curl_easy_init();
    assert(handle_ != nullptr);
    // Without "Expect: 100-continue", which would only cost a pause.
    for (const auto* header : {"Content-Type: application/json", "Expect:"})
      headers_ = curl_slist_append(headers_, header);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PROXY, "");  // Whatever the environment says.
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(CURLOPT_USERAGENT, "kvc");
    set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // Waits for no name beyond the deadline.
    set(CURLOPT_MAXCONNECTS, 1L);
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(
                              options_.deadline.count(), 1)));
    set(CURLOPT_ERRORBUFFER, message_.data());
    set(CURLOPT_WRITEFUNCTION, take);
    set(CURLOPT_WRITEDATA, &answer_);
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  ~impl() {
    curl_easy_cleanup(handle_);
    curl_slist_free_all(headers_);
  }

  caf::expected<http_reply> get(std::string_view target) {
    set(CURLOPT_HTTPGET, 1L);
    set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    return ask(target);
  }

  caf::expected<http_reply> post(std::string_view target,
                                 std::string_view body) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    set(CURLOPT_POSTFIELDS, body.data());
    return ask(target);
  }

  /// libcurl itself sends again what a kept connection has lost.
  void may_repeat(bool yes) { set(CURLOPT_FRESH_CONNECT, yes ? 0L : 1L); }

 private:
  template <class Value>
  void set(CURLoption option, Value value) {
    [[maybe_unused]] const auto done = curl_easy_setopt(handle_, option, value);
    assert(done == CURLE_OK);
  }

  caf::expected<http_reply> ask(std::string_view target) {
    set(CURLOPT_URL, (options_.url + std::string{target}).c_str());
    answer_ = {{}, options_.body_limit_bytes};
    if (const auto failure = curl_easy_perform(handle_); failure != CURLE_OK)
      return caf::make_error(code_of(failure),
                             authority_ + ": " + describe(failure));
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    return http_reply{static_cast<unsigned>(status), std::move(answer_.body)};
  }

  std::string describe(CURLcode failure) const {
    long cause = 0;
    curl_easy_getinfo(handle_, CURLINFO_OS_ERRNO, &cause);
    if (failure == CURLE_COULDNT_CONNECT && cause != 0)
      return std::generic_category().message(static_cast<int>(cause));
    return message_.front() != 0 ? message_.data()
                                 : curl_easy_strerror(failure);
  }

  http_client_options options_;
  std::string authority_;
  CURL* handle_ = nullptr;
  curl_slist* headers_ = nullptr;  ///< Of requests with a body.
  std::array<char, CURL_ERROR_SIZE> message_{};
  incoming answer_;
};

http_client::http_client(http_client_options options)
    : impl_(std::make_unique<impl>(std::move(options))) {}

http_client::~http_client() = default;

caf::expected<http_reply> http_client::get(std::string_view target) {
  impl_->may_repeat(true);
  return impl_->get(target);
}

caf::expected<http_reply> http_client::query(std::string_view target,
                                             std::string_view body) {
  impl_->may_repeat(true);
  return impl_->post(target, body);
}

caf::expected<http_reply> http_client::post(std::string_view target,
                                            std::string_view body) {
  impl_->may_repeat(false);
  return impl_->post(target, body);
}

}  // namespace kvc
