// Bench: all contestants in one connection with the same keys and values, and what is measured of
// them. Rounds are interleaved.

#ifndef MEMKV_BENCH_SQL_BENCH_H_
#define MEMKV_BENCH_SQL_BENCH_H_

#include <functional>
#include <string>
#include <vector>

#include "bench/corpus.h"
#include "bench/sql/figures.h"
#include "bench/sql/session.h"

namespace memkv::bench {

struct Options {
  CorpusOptions corpus;
  std::string extension;
  uint64_t rounds = 3;
  std::vector<std::string> only;  // parts of titles of reads; empty: everything
  bool writes = true;
};

class Bench {
 public:
  Bench(const Options& o, Corpus* corpus);
  // True if all answers agree.
  bool Run();

 private:
  // Whether a line is to be measured.
  bool Wants(const std::string& title) const;
  static bool HasTable(Contestant c, const std::string& sql);
  // `sql` with the contestant's table in place of @T.
  static std::string For(Contestant c, std::string sql);
  double BytesPerKey(Contestant c);
  void Calibrate();

  // fill.cc
  void Create(Contestant c);
  void Drop(Contestant c);
  double Insert(Contestant c, const KeyList& keys, bool shuffled);
  double Import(Contestant c, const KeyList& keys, bool shuffled);
  void Fill();
  void FillOne(Contestant c);
  void WriteFifth(Contestant c);
  void Refreeze();

  // read.cc
  using Binder = std::function<void(Query*, size_t)>;
  void EachKey(const std::string& title, const KeyList& keys, size_t most, double limit,
               const std::string& memkv_sql, const std::string& twin_sql = "",
               const Binder& bind = nullptr);
  void EachLiteral(const std::string& title, const std::string& sql);
  void Whole(const std::string& title, const std::string& unit, double per,
             const std::string& memkv_sql, const std::string& twin_sql = "");
  void Facets(const std::string& prefix);
  void Lookup();
  void ReadPoints();
  void ReadRanges();
  void ReadPatterns();
  void ReadRanks();
  void ReadAll();

  // captures.cc
  void MakeCaptures();
  void FillCaptures();
  void ReadCaptures();

  // columns.cc
  void FillColumns();
  void ReadColumns();

  const Options& options_;
  const Corpus& c_;
  Db db_;
  Figures figures_;
  const KeyList* shuffled_;
  std::string site_;
  uint64_t offset_;
  size_t columns_rows_ = 0;  // of each table of several columns
  struct Captures {
    size_t rows = 0;
    KeyList pages, times;  // of some captures
    KeyList many;          // pages that have many
    KeyList hosts;         // what keys of a host begin with
  };
  Captures captures_;
};

}  // namespace memkv::bench

#endif  // MEMKV_BENCH_SQL_BENCH_H_
