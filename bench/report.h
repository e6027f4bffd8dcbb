// Report: the figures of all structures, gathered over rounds, printed as tables of medians and of
// ratios.

#ifndef MEMKV_BENCH_REPORT_H_
#define MEMKV_BENCH_REPORT_H_

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace memkv::bench {

struct Metric {
  std::string name;   // as in the TSV
  std::string title;  // as in the table
  int decimals;
};

class Report {
 public:
  // One figure of one round. The metric "check" is not a figure: its text is "ok" or what was
  // wrong.
  void Add(const std::string& row, const std::string& metric, const std::string& text);
  // Lines "row TAB metric TAB text".
  void AddTsv(std::FILE* in);

  bool Has(const std::string& row, const std::string& metric) const;
  double Median(const std::string& row, const std::string& metric) const;  // REQUIRES Has
  const std::string& Check(const std::string& row) const;  // "ok", what was wrong, or "-"
  bool AllOk() const;
  const std::vector<std::string>& rows() const { return rows_; }

  // Rows that have figures, by columns that some row has. Where `baseline` is given, each figure is
  // divided by the baseline's: how many times as much the row takes.
  void PrintTable(std::FILE* out, const std::vector<std::string>& rows,
                  const std::vector<Metric>& metrics, const std::string& baseline = "") const;
  // Medians: "row TAB metric TAB value" with `prefix` (and a TAB, if not empty) before.
  void PrintTsv(std::FILE* out, const std::string& prefix) const;

 private:
  std::vector<std::string> rows_;  // in the order of first sight
  std::map<std::string, std::map<std::string, std::vector<double>>> figures_;
  std::map<std::string, std::string> checks_;
};

// Prints cells as a Markdown table with aligned columns: the first to the left, the others to the
// right.
void PrintAligned(std::FILE* out, const std::vector<std::vector<std::string>>& cells);

std::string Fixed(double value, int decimals);

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_REPORT_H_
