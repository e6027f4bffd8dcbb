#include "bench/report.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace memkv::bench {
namespace {

// What a terminal shows: UTF-8 continuation bytes take no column.
size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

}  // namespace

void Report::Add(const std::string& row, const std::string& metric, const std::string& text) {
  if (std::find(rows_.begin(), rows_.end(), row) == rows_.end()) rows_.push_back(row);
  if (metric == "check") {
    std::string& check = checks_[row];
    if (check.empty() || check == "ok") check = text;
  } else {
    figures_[row][metric].push_back(std::strtod(text.c_str(), nullptr));
  }
}

void Report::AddTsv(std::FILE* in) {
  for (char line[4096]; std::fgets(line, sizeof line, in) != nullptr;) {
    char* metric = std::strchr(line, '\t');
    char* text = metric == nullptr ? nullptr : std::strchr(metric + 1, '\t');
    if (text == nullptr) continue;
    *metric++ = *text++ = '\0';
    text[std::strcspn(text, "\n")] = '\0';
    Add(line, metric, text);
  }
}

bool Report::Has(const std::string& row, const std::string& metric) const {
  const auto at = figures_.find(row);
  return at != figures_.end() && at->second.contains(metric);
}

double Report::Median(const std::string& row, const std::string& metric) const {
  std::vector<double> values = figures_.at(row).at(metric);
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

const std::string& Report::Check(const std::string& row) const {
  static const std::string kNone = "-";
  const auto at = checks_.find(row);
  return at == checks_.end() ? kNone : at->second;
}

bool Report::AllOk() const {
  return std::all_of(checks_.begin(), checks_.end(),
                     [](const auto& check) { return check.second == "ok"; });
}

void Report::PrintTable(std::FILE* out, const std::vector<std::string>& rows,
                        const std::vector<Metric>& metrics, const std::string& baseline) const {
  std::vector<Metric> columns;
  for (const Metric& m : metrics) {
    if (std::any_of(rows.begin(), rows.end(),
                    [&](const std::string& row) { return Has(row, m.name); }) &&
        (baseline.empty() || Has(baseline, m.name))) {
      columns.push_back(m);
    }
  }
  std::vector<std::vector<std::string>> cells(1);
  cells[0].push_back(baseline.empty() ? "structure" : "divided by " + baseline);
  for (const Metric& m : columns) cells[0].push_back(m.title);
  if (baseline.empty()) cells[0].push_back("answers");
  for (const std::string& row : rows) {
    if (!figures_.contains(row) && !checks_.contains(row)) continue;
    if (row == baseline) continue;
    cells.push_back({row});
    for (const Metric& m : columns) {
      if (!Has(row, m.name)) {
        cells.back().push_back("-");
      } else if (baseline.empty()) {
        cells.back().push_back(Fixed(Median(row, m.name), m.decimals));
      } else {
        cells.back().push_back(Fixed(Median(row, m.name) / Median(baseline, m.name), 2));
      }
    }
    if (baseline.empty()) cells.back().push_back(Check(row));
  }
  PrintAligned(out, cells);
}

void Report::PrintTsv(std::FILE* out, const std::string& prefix) const {
  for (const std::string& row : rows_) {
    const auto at = figures_.find(row);
    if (at == figures_.end()) continue;
    for (const auto& [metric, values] : at->second) {
      std::fprintf(out, "%s%s%s\t%s\t%.6g\n", prefix.c_str(), prefix.empty() ? "" : "\t",
                   row.c_str(), metric.c_str(), Median(row, metric));
    }
  }
}

void PrintAligned(std::FILE* out, const std::vector<std::vector<std::string>>& cells) {
  std::vector<size_t> widths;
  for (const auto& row : cells) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  for (size_t r = 0; r < cells.size(); ++r) {
    std::string line = "|";
    for (size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = i < cells[r].size() ? cells[r][i] : "";
      const std::string pad(widths[i] - Width(cell), ' ');
      line += i == 0 ? " " + cell + pad + " |" : " " + pad + cell + " |";
    }
    std::fprintf(out, "%s\n", line.c_str());
    if (r == 0) {
      std::string rule = "|";
      for (size_t i = 0; i < widths.size(); ++i) {
        rule +=
            i == 0 ? std::string(widths[i] + 2, '-') + "|" : std::string(widths[i] + 1, '-') + ":|";
      }
      std::fprintf(out, "%s\n", rule.c_str());
    }
  }
}

std::string Fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace memkv::bench
