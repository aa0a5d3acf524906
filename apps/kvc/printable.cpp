#include "apps/kvc/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace kvc {

namespace {

/// One character of UTF-8; `size` is 0 where there is none.
struct character {
  std::uint32_t code = 0;
  std::size_t size = 0;
};

character decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size)
    return {};
  std::uint32_t code = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0U) != 0x80)
      return {};
    code = code << 6U | (next & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  return code < least[size] ? character{} : character{code, size};
}

bool is_harmless(std::uint32_t code) {
  const auto within = [code](std::uint32_t first, std::uint32_t last) {
    return code >= first && code <= last;
  };
  return code >= 0x20 && !within(0x7F, 0x9F) && !within(0x200E, 0x200F) &&
         !within(0x2028, 0x202E) && !within(0x2066, 0x2069);
}

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  std::array<char, 64> buffer{};
  const auto size =
    std::snprintf(buffer.data(), buffer.size(), pattern, arguments...);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

/// Returns how many places `text` takes, as far as one can tell.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
    text.begin(), text.end(),
    [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto [code, size] = decode(text);
    const auto used = std::max<std::size_t>(size, 1);
    if (size > 0 && is_harmless(code))
      result += text.substr(0, used);
    else if (used == 1)
      result +=
        format("\\x%02x", unsigned{static_cast<unsigned char>(text.front())});
    else
      result += format("\\u%04x", code);
    text.remove_prefix(used);
  }
  return result;
}

std::string render_table(const std::vector<column>& columns,
                         std::vector<std::vector<std::string>> rows) {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  titles.reserve(columns.size());
  for (const auto& each : columns)
    titles.push_back(each.title);
  rows.insert(rows.begin(), std::move(titles));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    widths.push_back(0);
    for (auto& row : rows) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], width(row[i]));
    }
  }
  std::string result;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string padding(widths[i] - width(row[i]), ' ');
      line += i > 0 ? "  " : "";
      line += columns[i].is_number ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + '\n';
  }
  return result;
}

std::string render_bytes(std::uint64_t bytes) {
  if (bytes < 1024)
    return std::to_string(bytes) + " B";
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit)
    value /= 1024;
  return format("%.1f %s", value, units[unit]);
}

std::string render_time(double seconds_since_epoch) {
  constexpr double year_9999 = 253402300799;
  if (!(seconds_since_epoch > 0 && seconds_since_epoch <= year_9999))
    return "-";
  const auto whole = static_cast<std::time_t>(seconds_since_epoch);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  return format("%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec);
}

}  // namespace kvc
