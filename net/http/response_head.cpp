#include "net/http/response_head.hpp"

#include <boost/beast/http/status.hpp>

namespace kvc {

std::string response_head(const http_response& response,
                          const request_reader::traits& connection) {
  const auto reason = boost::beast::http::obsolete_reason(
    boost::beast::http::int_to_status(response.status));
  std::string result;
  result.reserve(192);
  result += "HTTP/1.1 ";
  result += std::to_string(response.status);
  result += ' ';
  result.append(reason.data(), reason.size());
  result += "\r\nContent-Type: ";
  result += response.content_type;
  result += "\r\nContent-Length: ";
  result += std::to_string(response.body.size());
  for (const auto& [name, value] : response.headers)
    result.append("\r\n").append(name).append(": ").append(value);
  if (!connection.keeps_alive)
    result += "\r\nConnection: close";
  else if (connection.is_http_1_0)
    result += "\r\nConnection: keep-alive";
  result += "\r\n\r\n";
  return result;
}

}  // namespace kvc
