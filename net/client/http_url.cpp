#include "net/client/http_url.hpp"

#include "config/host_address.hpp"
#include "messages/errors.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace kvc {

namespace {

struct url_closer {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

struct text_closer {
  void operator()(char* text) const { curl_free(text); }
};

/// Returns a part of the URL; "" if it has none.
std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK)
    return {};
  const std::unique_ptr<char, text_closer> owner{text};
  return text;
}

caf::error refuse(std::string_view text, const std::string& why) {
  return caf::make_error(errc::invalid_request, "url \"" + std::string{text} +
                                                  "\" is not valid: " + why);
}

/// Puts the host of `url` in the brackets that libcurl wants, if it is an IPv6
/// address without them. Returns false if its last group could be a port.
bool add_brackets(std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto length =
    std::min(url.find_first_of("/?#", begin), url.size()) - begin;
  const auto authority = url.substr(begin, length);
  if (authority.starts_with('[') ||
      std::count(authority.begin(), authority.end(), ':') < 2)
    return true;
  const auto found = read_host_and_port(authority, 0);
  if (!found)
    return !host_address{authority}.is_valid();
  const auto bracketed = '[' + found->host.text() + ']';
  url.replace(begin, length, found->port == 0 ? bracketed : to_string(*found));
  return true;
}

}  // namespace

caf::expected<std::string> parse_http_url(std::string_view text) {
  const std::unique_ptr<CURLU, url_closer> url{curl_url()};
  std::string whole{text};
  if (whole.find("://") == std::string::npos)
    whole.insert(0, "http://");
  if (!add_brackets(whole))
    return refuse(text, "IPv6 with a port needs brackets");
  if (const auto error = curl_url_set(url.get(), CURLUPART_URL, whole.c_str(),
                                      CURLU_DISALLOW_USER))
    return refuse(text, curl_url_strerror(error));
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https")
    return refuse(text, "begins with neither http:// nor https://");
  if (part(url.get(), CURLUPART_PORT) == "0")
    return refuse(text, "port 0");
  if (text.find_first_of("?#") != std::string_view::npos)
    return refuse(text, "more than a path behind the host");
  auto result = part(url.get(), CURLUPART_URL);
  while (result.ends_with('/'))
    result.pop_back();
  return result;
}

std::string percent_encode(const std::string& text) {
  const std::unique_ptr<char, text_closer> encoded{
    curl_easy_escape(nullptr, text.c_str(), static_cast<int>(text.size()))};
  return encoded.get();
}

}  // namespace kvc
