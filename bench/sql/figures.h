// Figures: what was measured of each contestant, a line for each statement, over rounds.

#ifndef MEMKV_BENCH_SQL_FIGURES_H_
#define MEMKV_BENCH_SQL_FIGURES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace memkv::bench {

// A memkv table, mutable and frozen; its twin, a WITHOUT ROWID table; and a virtual table that does
// nothing (bench/empty_table.h), whose answers are not compared.
enum Contestant { kMutable, kFrozen, kTwin, kEmpty, kContestants };

class Figures {
 public:
  // One figure of one round.
  void Add(const std::string& title, const std::string& unit, int decimals, Contestant c,
           double figure);
  // The same, with a checksum that must be that of the other contestants.
  void Add(const std::string& title, const std::string& unit, int decimals, Contestant c,
           double figure, uint64_t sum);
  // A table of the medians. True if all answers agree.
  bool Print() const;

 private:
  struct Line {
    std::string title, unit;
    int decimals = 0;
    std::vector<double> figures[kContestants];
    uint64_t sums[kContestants] = {};
    bool agree = true, checked = false;

    double median(Contestant c) const;
    std::string Figure(Contestant c) const;
    std::string TimesTwin(Contestant c) const;
  };
  Line& LineOf(const std::string& title, const std::string& unit, int decimals);

  std::vector<Line> lines_;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_SQL_FIGURES_H_
