#include "core/query/url.h"

#include <algorithm>
#include <array>

namespace memkv {
namespace {

// Takes what comes before the first of `stops` off the front. By a table of the bytes, since
// find_first_of() takes a call for each.
Bytes TakeUntil(Bytes* text, Bytes stops) {
  std::array<bool, 256> is_stop{};
  for (const char c : stops) is_stop[static_cast<uint8_t>(c)] = true;
  size_t n = 0;
  while (n < text->size() && !is_stop[static_cast<uint8_t>((*text)[n])]) ++n;
  const Bytes taken = text->substr(0, n);
  text->remove_prefix(n);
  return taken;
}

bool IsDigits(Bytes text) { return text.find_first_not_of("0123456789") == Bytes::npos; }

std::string Lower(Bytes text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Where host[:port] ends its host: at the last colon that digits or nothing follow, outside
// brackets.
size_t HostBytes(Bytes host_port) {
  const size_t colon = host_port.rfind(':');
  if (colon == Bytes::npos || !IsDigits(host_port.substr(colon + 1))) return host_port.size();
  const size_t bracket = host_port.rfind(']');
  if (bracket != Bytes::npos && bracket > colon) return host_port.size();
  // More than one colon without brackets is an address of version 6 that lacks them.
  if (host_port[0] != '[' && host_port.find(':') != colon) return host_port.size();
  return colon;
}

Bytes HostPort(Bytes authority) {
  const size_t at = authority.rfind('@');
  return at == Bytes::npos ? authority : authority.substr(at + 1);
}

bool IsAddress(Bytes host) {
  return host.find_first_not_of("0123456789.") == Bytes::npos || host.find(':') != Bytes::npos ||
         host.starts_with('[');
}

}  // namespace

// ^(([^:/?#]+):)?(//([^/?#]*))?([^?#]*)(\?([^#]*))?(#(.*))?
Url::Url(Bytes text) {
  Bytes rest = text;
  const Bytes before = TakeUntil(&rest, ":/?#");
  if (!before.empty() && rest.starts_with(':')) {
    scheme = before;
    rest.remove_prefix(1);
  } else {
    rest = text;
  }
  if (rest.starts_with("//")) {
    rest.remove_prefix(2);
    authority = TakeUntil(&rest, "/?#");
  }
  path = TakeUntil(&rest, "?#");
  if (rest.starts_with('?')) {
    rest.remove_prefix(1);
    query = TakeUntil(&rest, "#");
  }
  if (rest.starts_with('#')) fragment = rest.substr(1);
}

Bytes Url::host() const {
  const Bytes host_port = HostPort(authority.value_or(Bytes()));
  return host_port.substr(0, HostBytes(host_port));
}

std::optional<Bytes> Url::port() const {
  const Bytes host_port = HostPort(authority.value_or(Bytes()));
  const size_t n = HostBytes(host_port);
  if (n == host_port.size()) return std::nullopt;
  return host_port.substr(n + 1);
}

std::optional<std::string> UrlHost(Bytes url) {
  const Url parts(url);
  if (!parts.authority) return std::nullopt;
  return Lower(parts.host());
}

std::string UrlSurt(Bytes url) {
  const Url parts(url);
  if (!parts.authority) return std::string(url);
  const std::string host = Lower(parts.host());
  std::string out;
  if (IsAddress(host)) {
    out = host;
  } else {
    Bytes labels = host;
    while (labels.ends_with('.')) labels.remove_suffix(1);  // the root of the domain names
    while (!labels.empty()) {
      const size_t dot = labels.rfind('.');
      out += labels.substr(dot == Bytes::npos ? 0 : dot + 1);
      labels = dot == Bytes::npos ? Bytes() : labels.substr(0, dot);
      if (dot != Bytes::npos) out += ',';
    }
  }
  if (const std::optional<Bytes> port = parts.port(); port && !port->empty())
    out.append(1, ':').append(*port);
  out += ')';
  if (parts.path.empty()) out += '/';
  out += parts.path;
  if (parts.query) out.append(1, '?').append(*parts.query);
  if (parts.fragment) out.append(1, '#').append(*parts.fragment);
  return out;
}

}  // namespace memkv
