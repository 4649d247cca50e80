#include "app/welcome.h"

#include <fmt/format.h>

#include "app/version.h"

namespace gatehouse::app {
namespace {

// How curl is told where to go.
std::string curl_target(std::string_view address) {
  if (address.starts_with("unix:")) return fmt::format("--unix-socket {} http://localhost", address.substr(5));
  return fmt::format("http://{}", address);
}

constexpr std::string_view try_it = R"TXT(
Try it (in another terminal):

  curl -s {0}/api/v1/auth/register -H 'content-type: application/json' -d '{{"username":"ada","password":"a lamp in the fog"}}'

  TOKEN=$(curl -s {0}/api/v1/auth/login -H 'content-type: application/json' -d '{{"username":"ada","password":"a lamp in the fog"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/'); echo "$TOKEN"

  curl -s {0}/api/v1/users/me -H "authorization: Bearer $TOKEN"

)TXT";

}  // namespace

std::string welcome_text(const Ready& ready) {
  const auto target = curl_target(ready.public_address);
  auto text = fmt::format(
      "\nGatehouse {} is ready ({} ms).\n\n"
      "  API        {}\n"
      "  health     http://{}/health/ready, and /metrics\n"
      "  data       {}  (mail is written to {}/mail)\n"
      "  commands   {} help\n"
      "  stop       Ctrl-C\n",
      version, ready.took_ms,
      ready.public_address.starts_with("unix:") ? ready.public_address : "http://" + ready.public_address,
      ready.admin_address, ready.data_folder, ready.data_folder, ready.program);
  return text + fmt::format(fmt::runtime(try_it), target);
}

}  // namespace gatehouse::app
