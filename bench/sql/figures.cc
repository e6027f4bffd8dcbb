#include "bench/sql/figures.h"

#include <algorithm>
#include <cstdio>

#include "bench/report.h"

namespace memkv::bench {

double Figures::Line::median(Contestant c) const {
  std::vector<double> sorted = figures[c];
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

std::string Figures::Line::Figure(Contestant c) const {
  return figures[c].empty() ? "-" : Fixed(median(c), decimals);
}

std::string Figures::Line::TimesTwin(Contestant c) const {
  if (figures[c].empty() || figures[kTwin].empty()) return "-";
  const double x = median(kTwin) / median(c);
  return Fixed(x, x < 10 ? 2 : 0);
}

Figures::Line& Figures::LineOf(const std::string& title, const std::string& unit, int decimals) {
  for (Line& line : lines_) {
    if (line.title == title) return line;
  }
  Line& line = lines_.emplace_back();
  line.title = title;
  line.unit = unit;
  line.decimals = decimals;
  return line;
}

void Figures::Add(const std::string& title, const std::string& unit, int decimals, Contestant c,
                  double figure) {
  LineOf(title, unit, decimals).figures[c].push_back(figure);
}

void Figures::Add(const std::string& title, const std::string& unit, int decimals, Contestant c,
                  double figure, uint64_t sum) {
  Line& line = LineOf(title, unit, decimals);
  line.figures[c].push_back(figure);
  line.sums[c] = sum;
  for (const Contestant other : {kMutable, kFrozen, kTwin}) {
    // Of the same round: in another one fewer queries may have been got through.
    if (other == c || c == kEmpty || line.figures[other].size() != line.figures[c].size()) continue;
    line.checked = true;
    line.agree = line.agree && line.sums[other] == sum;
  }
}

bool Figures::Print() const {
  std::vector<std::vector<std::string>> cells = {{"", "unit", "memkv mutable", "memkv frozen",
                                                  "twin", "empty", "twin / mutable",
                                                  "twin / frozen", "twin / empty", "answers"}};
  bool all = true;
  for (const Line& line : lines_) {
    std::vector<std::string>& row = cells.emplace_back();
    row = {line.title, line.unit};
    for (const Contestant c : {kMutable, kFrozen, kTwin, kEmpty}) row.push_back(line.Figure(c));
    for (const Contestant c : {kMutable, kFrozen, kEmpty}) row.push_back(line.TimesTwin(c));
    row.push_back(!line.checked ? "-" : line.agree ? "ok" : "DIFFER");
    all = all && line.agree;
  }
  PrintAligned(stdout, cells);
  return all;
}

}  // namespace memkv::bench
