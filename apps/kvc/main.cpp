#include "apps/kvc/command_line.hpp"
#include "messages/standard_streams.hpp"
#include "net/client/http_url.hpp"

namespace {

using namespace kvc;

exit_code run(const command_line& asked) {
  const auto url = parse_http_url(asked.url);
  if (!url)
    return complain(url.error());
  const std::chrono::milliseconds timeout{
    static_cast<std::int64_t>(asked.timeout_seconds * 1000)};
  http_client client{{.url = *url, .deadline = timeout}};
  console terminal{client, timeout, asked.as_json};
  try {
    return asked.action(terminal);
  } catch (const nlohmann::json::exception& error) {
    return complain(exit_code::refused,
                    std::string{"unexpected answer: "} + error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  const auto asked = parse_command_line(argc, argv);
  if (!asked)
    return static_cast<int>(exit_code::usage);
  return static_cast<int>(asked->action ? run(*asked) : exit_code::ok);
}
