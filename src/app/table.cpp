#include "app/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <vector>

namespace gatehouse::app {
namespace {

// A cell's text; control characters are covered, for names come from strangers and go to a terminal.
std::string cell(const boost::json::value& value) {
  std::string text;
  if (value.is_string()) {
    text = value.get_string();
  } else if (value.is_array()) {
    for (const auto& item : value.get_array()) text += (text.empty() ? "" : " ") + cell(item);
  } else if (!value.is_null()) {
    text = boost::json::serialize(value);
  }
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

// Columns of a terminal, near enough: code points.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string rows_of(const boost::json::array& rows) {
  if (rows.empty()) return "(none)\n";
  std::vector<std::vector<std::string>> cells(1);
  if (!rows[0].is_object()) return {};
  for (const auto& member : rows[0].get_object()) cells[0].emplace_back(member.key());
  for (const auto& row : rows) {
    std::vector<std::string> line;
    for (const auto& name : cells[0]) {
      const auto* value = row.is_object() ? row.get_object().if_contains(name) : nullptr;
      line.push_back(value ? cell(*value) : std::string{});
    }
    cells.push_back(std::move(line));
  }
  std::string out;
  for (auto& line : cells) {
    for (std::size_t column = 0; column < line.size(); ++column) {
      std::size_t widest = 0;
      for (const auto& other : cells) widest = std::max(widest, width(other[column]));
      out += line[column];
      if (column + 1 < line.size()) out += std::string(widest - width(line[column]) + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string to_table(const boost::json::object& answer) {
  std::string out;
  for (const auto& member : answer) {
    const auto& value = member.value();
    const bool has_rows =
        value.is_array() && (answer.size() == 1 || (!value.get_array().empty() && value.get_array()[0].is_object()));
    if (has_rows)
      out += rows_of(value.get_array());
    else if (value.is_object())
      out += fmt::format("{}:\n{}", std::string_view(member.key()), to_table(value.get_object()));
    else
      out += fmt::format("{:<16} {}\n", std::string_view(member.key()), cell(value));
  }
  return out;
}

}  // namespace gatehouse::app
