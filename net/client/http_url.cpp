#include "net/client/http_url.hpp"

#include "messages/errors.hpp"

#include <curl/curl.h>

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

}  // namespace

caf::expected<std::string> parse_http_url(std::string_view text) {
  const std::unique_ptr<CURLU, url_closer> url{curl_url()};
  std::string whole{text};
  if (whole.find("://") == std::string::npos)
    whole.insert(0, "http://");
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
